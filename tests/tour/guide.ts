import { StipendClient } from "@stipend/client";
import { ApiProblem } from "@stipend/client/errors";
import type { Answer } from "@stipend/client/types";
import { type TraceUi, traceUiOf } from "@stipend/local/engines/trace-ui";
import { signToken } from "@stipend/local/keys/token";
import { pathsOf } from "@stipend/local/paths";
import type { Settings } from "@stipend/local/settings";

/** Something the tour saw was not as it has to be. */
export class TourError extends Error {
  override readonly name = "TourError";
}

/** What every step of the tour works with: the people in it, the addresses, and a voice. */
export interface Guide {
  readonly alice: Person;
  readonly bob: Person;
  readonly admin: StipendClient;
  readonly auditor: StipendClient;
  readonly settings: Settings;
  readonly urls: { readonly gateway: string; readonly traces: TraceUi; readonly kafkaBrokers: string };
  /** Different in each tour, so that idempotency keys are new. */
  readonly run: string;
}

export interface Person {
  readonly name: string;
  readonly client: StipendClient;
}

export function say(text: string): void {
  console.log(`   ${text}`);
}

/** What was called last, by whomever: the tour does one thing at a time. */
let lastCall = "";

/** Says what was called and what came back, shortened to one line. */
export function show(answer: Pick<Answer<unknown>, "status" | "data">, pick: readonly string[] = []): void {
  const body = pick.length === 0 ? answer.data : choose(answer.data, pick);
  const text = JSON.stringify(body);
  console.log(`     ${lastCall}\n     → ${answer.status} ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`);
}

/** The refusal that a call ends with, shown. @throws TourError when it is none. */
export async function refused(call: Promise<unknown>, pick: readonly string[]): Promise<ApiProblem> {
  const problem = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof ApiProblem)) throw new TourError(`expected: a refusal, but ${problem ?? "it was answered"}`);
  show({ status: problem.status, data: { ...problem, ...problem.details } }, pick);
  return problem;
}

function choose(body: unknown, pick: readonly string[]): unknown {
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => pick.includes(name)));
}

/** @throws TourError when what was expected is not so. */
export function expectThat(condition: boolean, expected: string): void {
  if (!condition) throw new TourError(`expected: ${expected}`);
  say(`✓ ${expected}`);
}

const FEW = 60 * 60;

async function clientFor(settings: Settings, user: string, roles: readonly string[]): Promise<StipendClient> {
  const token = await signToken(pathsOf(settings.home).keys, { user, roles, ttlSeconds: FEW });
  return new StipendClient({
    baseUrl: `http://127.0.0.1:${settings.ports.services.gateway}`,
    token,
    fetch: (input, init) => {
      lastCall = `${init?.method ?? "GET"} ${new URL(String(input)).pathname}`;
      return fetch(input, init);
    },
  });
}

/** The names of the issue while nobody has used them, else new ones: a tour never disturbs what is there. */
async function chooseName(admin: StipendClient, name: string, run: string): Promise<string> {
  try {
    await admin.get("/api/admin/users/{userId}", { path: { userId: name } });
    return `${name}-${run}`;
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "user_not_found") return name;
    throw error;
  }
}

export async function prepare(settings: Settings): Promise<Guide> {
  const run = Date.now().toString(36);
  const gateway = `http://127.0.0.1:${settings.ports.services.gateway}`;
  const admin = await clientFor(settings, "tour-admin", ["admin"]);
  const person = async (name: string): Promise<Person> => {
    const chosen = await chooseName(admin, name, run);
    return { name: chosen, client: await clientFor(settings, chosen, ["user"]) };
  };
  return {
    run,
    settings,
    admin,
    auditor: await clientFor(settings, "tour-auditor", ["auditor"]),
    alice: await person("alice"),
    bob: await person("bob"),
    urls: {
      gateway,
      traces: traceUiOf(settings),
      kafkaBrokers: settings.given.kafkaBrokers ?? `127.0.0.1:${settings.ports.kafka}`,
    },
  };
}
