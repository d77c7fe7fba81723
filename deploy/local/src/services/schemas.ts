/** Schemas, their two users each, and their migrations. */

import { join } from "node:path";
import { provision } from "@stipend/platform/mysql/provision";
import { LauncherError } from "../errors.ts";
import { run } from "../install/exec.ts";
import { passwordOf } from "../keys/secrets.ts";
import type { Paths } from "../paths.ts";
import { REPO_ROOT } from "../repo.ts";
import type { Settings } from "../settings.ts";
import { migrationEnvironment, type SchemaUrls, type ServiceContext } from "./environment.ts";
import { SCHEMAS, type SchemaService } from "./names.ts";

const MIGRATE_TIMEOUT_MS = 180_000;
export const SCHEMA_SERVICES = Object.keys(SCHEMAS) as SchemaService[];

interface SchemaNames {
  schema: string;
  ownerUser: string;
  serviceUser: string;
}

/** A MySQL user's name has at most 32 characters: the longest ending, "_membership_owner", leaves 15 to the namespace. */
export function schemaNames(namespace: string, service: SchemaService): SchemaNames {
  const schema = `${namespace}_${SCHEMAS[service]}`;
  return { schema, ownerUser: `${schema}_owner`, serviceUser: `${schema}_app` };
}

/** The URL of one user and one schema on the server of the admin URL. */
export function userUrl(adminUrl: string, user: string, password: string, schema: string): string {
  const url = new URL(adminUrl);
  url.username = user;
  url.password = encodeURIComponent(password);
  url.pathname = `/${schema}`;
  return url.href;
}

/** The URLs of one service's schema: the owner's for migrations, the service's own for its work. */
export function schemaUrls(settings: Settings, paths: Paths, adminUrl: string, service: SchemaService): SchemaUrls {
  const names = schemaNames(settings.namespace, service);
  return {
    ownerUrl: userUrl(adminUrl, names.ownerUser, passwordOf(paths.keys, names.ownerUser), names.schema),
    serviceUrl: userUrl(adminUrl, names.serviceUser, passwordOf(paths.keys, names.serviceUser), names.schema),
  };
}

/** Creates what is missing: the schema and its two users, with the passwords of this system. */
export async function provisionSchema(
  settings: Settings,
  paths: Paths,
  adminUrl: string,
  service: SchemaService,
): Promise<void> {
  const names = schemaNames(settings.namespace, service);
  await provision(adminUrl, {
    ...names,
    ownerPassword: passwordOf(paths.keys, names.ownerUser),
    servicePassword: passwordOf(paths.keys, names.serviceUser),
  });
}

/**
 * Brings one schema to the version of the code.
 *
 * @throws LauncherError with the migrator's last words.
 */
export async function migrateSchema(context: ServiceContext, service: SchemaService): Promise<void> {
  const script = join(REPO_ROOT, "services", service, "src", "migrate.ts");
  const result = await run(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    cwd: REPO_ROOT,
    env: migrationEnvironment(context, service),
    timeoutMs: MIGRATE_TIMEOUT_MS,
  });
  if (result.code === 0) return;
  throw new LauncherError(`The schema of ${service} could not be migrated (exit code ${result.code}).`, {
    advice: "read the words below; `npm start -- --fresh` begins with empty schemas.",
    lastLines: result.lines.slice(-12),
  });
}
