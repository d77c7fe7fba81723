import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import type { SchemaService } from "@stipend/local/services/names";
import { userUrl } from "@stipend/local/services/schemas";
import { createLog } from "@stipend/platform/log/log";
import { migrate } from "@stipend/platform/mysql/migrator";
import { deprovision, type ProvisionOptions, provision } from "@stipend/platform/mysql/provision";
import type { SqlSource } from "@stipend/platform/mysql/sources";

export interface FreshDatabase {
  schema: string;
  /** the service's own user: EXECUTE and SELECT on views, nothing more */
  url: string;
  /** the schema's owner: sees every table */
  ownerUrl: string;
  /** drops the schema and both users */
  drop(): Promise<void>;
}

function uniqueNames(label: string): ProvisionOptions {
  const schema = `t_${label.replaceAll(/[^a-z]/g, "").slice(0, 10)}_${randomBytes(5).toString("hex")}`;
  return {
    schema,
    ownerUser: `${schema}_o`,
    ownerPassword: `Aa1-${randomBytes(12).toString("hex")}`,
    serviceUser: `${schema}_s`,
    servicePassword: `Aa1-${randomBytes(12).toString("hex")}`,
  };
}

/** A schema of its own with these SQL sources (the platform's always come first), migrated, with its two users. */
export async function freshSchema(
  adminUrl: string,
  label: string,
  sources: readonly SqlSource[],
): Promise<FreshDatabase> {
  const names = uniqueNames(label);
  await provision(adminUrl, names);
  const database: FreshDatabase = {
    schema: names.schema,
    url: userUrl(adminUrl, names.serviceUser, names.servicePassword, names.schema),
    ownerUrl: userUrl(adminUrl, names.ownerUser, names.ownerPassword, names.schema),
    drop: () => deprovision(adminUrl, names),
  };
  try {
    const log = createLog({ service: `fresh-database-${label}`, level: "silent" });
    await migrate({ ownerUrl: database.ownerUrl, sources, serviceUser: names.serviceUser, log });
  } catch (error) {
    await database.drop();
    throw error;
  }
  return database;
}

/** The schema of a service, empty and current. The caller drops it: `afterAll(() => database.drop())`. */
export async function freshDatabase(adminUrl: string, service: SchemaService): Promise<FreshDatabase> {
  return await freshSchema(adminUrl, service, [{ name: service, dir: join(REPO_ROOT, "services", service, "sql") }]);
}
