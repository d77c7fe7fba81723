import { relative } from "node:path";
import { REPO_ROOT } from "../repo.ts";
import type { SystemAddresses } from "../system.ts";

/** mysql://root:secret@host → mysql://root:…@host */
function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = "___";
  return parsed.href.replace(":___@", ":…@");
}

function fromRoot(path: string): string {
  const inside = relative(REPO_ROOT, path);
  return inside.startsWith("..") ? path : inside;
}

/** What a person needs after a start: addresses, a first call, how to end it. */
export function summary(
  addresses: SystemAddresses,
  options: { home: string; detached: boolean; homeIsDefault: boolean },
): string {
  const env = options.homeIsDefault ? "" : `STIPEND_HOME=${options.home} `;
  return [
    "",
    "Stipend is ready.",
    "",
    `  gateway    ${addresses.gateway}`,
    ...(addresses.console ? [`  member app ${addresses.gateway}/`, `  console    ${addresses.console}`] : []),
    `  API docs   ${addresses.docs}`,
    ...(addresses.traces ? [`  traces     ${addresses.traces}`] : []),
    `  MySQL      ${withoutPassword(addresses.mysqlAdminUrl)}   (password: ${fromRoot(options.home)}/keys/passwords/mysql-root)`,
    `  Kafka      ${addresses.kafkaBrokers}`,
    `  Redis      ${addresses.redisUrl}`,
    `  logs       ${fromRoot(addresses.logs)}/`,
    "",
    "A first call:",
    "",
    `  curl -s ${addresses.gateway}/api/credits -H "Authorization: Bearer $(${env}npm run -s token -- --user alice --role user)"`,
    "",
    options.detached ? `It runs in the background: \`${env}npm stop\` ends it.` : "Ctrl-C stops everything.",
    "",
  ].join("\n");
}
