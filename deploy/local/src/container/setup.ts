/**
 * The one-shot container of compose.yaml: development keys, schemas with their users, migrations. Repeatable.
 *
 * Environment: STIPEND_MYSQL_ADMIN_URL; STIPEND_HOME, where the keys are put; STIPEND_NAMESPACE (default stipend);
 * STIPEND_MYSQL_OWNER_PASSWORD and STIPEND_MYSQL_SERVICE_PASSWORD, the same for each schema's owner and service user.
 */
import { readConfig } from "@stipend/platform/config/config";
import { provision } from "@stipend/platform/mysql/provision";
import { z } from "zod";
import { describeFailure } from "../errors.ts";
import { ensureKeys } from "../keys/dev-keys.ts";
import { pathsOf } from "../paths.ts";
import type { SchemaUrls, ServiceContext } from "../services/environment.ts";
import type { SchemaService } from "../services/names.ts";
import { migrateSchema, SCHEMA_SERVICES, schemaNames, userUrl } from "../services/schemas.ts";
import { readSettings } from "../settings.ts";

const schema = z.object({
  STIPEND_MYSQL_ADMIN_URL: z.string().startsWith("mysql://"),
  STIPEND_MYSQL_OWNER_PASSWORD: z.string().min(1),
  STIPEND_MYSQL_SERVICE_PASSWORD: z.string().min(1),
});
type Secrets = z.output<typeof schema>;

function urlsOf(secrets: Secrets, namespace: string, service: SchemaService): SchemaUrls {
  const names = schemaNames(namespace, service);
  const { STIPEND_MYSQL_ADMIN_URL: admin } = secrets;
  return {
    ownerUrl: userUrl(admin, names.ownerUser, secrets.STIPEND_MYSQL_OWNER_PASSWORD, names.schema),
    serviceUrl: userUrl(admin, names.serviceUser, secrets.STIPEND_MYSQL_SERVICE_PASSWORD, names.schema),
  };
}

async function setUp(): Promise<void> {
  const secrets = readConfig(schema, process.env);
  const settings = readSettings(process.env);
  const keys = await ensureKeys(pathsOf(settings.home).keys);
  const urls = SCHEMA_SERVICES.map((service) => [service, urlsOf(secrets, settings.namespace, service)]);
  const context: ServiceContext = {
    settings,
    keys,
    engines: { mysqlAdminUrl: secrets.STIPEND_MYSQL_ADMIN_URL, kafkaBrokers: "", redisUrl: "" },
    schemas: Object.fromEntries(urls) as ServiceContext["schemas"],
  };
  for (const service of SCHEMA_SERVICES) {
    await provision(secrets.STIPEND_MYSQL_ADMIN_URL, {
      ...schemaNames(settings.namespace, service),
      ownerPassword: secrets.STIPEND_MYSQL_OWNER_PASSWORD,
      servicePassword: secrets.STIPEND_MYSQL_SERVICE_PASSWORD,
    });
    await migrateSchema(context, service);
    process.stdout.write(`schema ${schemaNames(settings.namespace, service).schema} is current\n`);
  }
}

try {
  await setUp();
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
