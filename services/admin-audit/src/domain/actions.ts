/** What each service may say it did: the first word of an action's name belongs to one service. */
const OWNER: Readonly<Record<string, string>> = {
  credits: "credits",
  package: "credits",
  approval: "credits",
  membership: "membership",
  tier: "membership",
  user: "membership",
  token: "membership",
  view: "membership",
  alert: "monitor",
  consistency: "monitor",
  monitor: "monitor",
  data: "gateway",
  write: "gateway",
};

/** Words whose actions are aimed at a user. */
const ABOUT_USERS: ReadonlySet<string> = new Set(["credits", "approval", "membership", "user", "view", "data"]);

const NAME = /^([a-z]+)(\.[a-z][a-z_-]*)+$/;

/** CloudEvents' source of a service's events. */
export function sourceOf(service: string): string {
  return `/stipend/${service}`;
}

/**
 * Why an event may not become the row it asks for; null: it may.
 *
 * @param source who published it. That is what the producer says of itself: who may produce is Kafka's to guard.
 */
export function flawOfClaim(
  claim: { readonly action: string; readonly service: string },
  source: string,
): string | null {
  const { action, service } = claim;
  if (source !== sourceOf(service)) return `says that it comes from ${service}, but was published by ${source}`;
  const word = NAME.exec(action)?.[1] ?? "";
  if (!Object.hasOwn(OWNER, word)) return "is no action that any service has";
  const owner = OWNER[word];
  return owner === service ? null : `is an action of ${owner}, claimed by ${service}`;
}

export function isAboutUser(action: string): boolean {
  return ABOUT_USERS.has(NAME.exec(action)?.[1] ?? "");
}
