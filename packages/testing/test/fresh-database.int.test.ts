import { createConnection } from "mysql2/promise";
import { expect, test } from "vitest";
import { testEngines } from "../src/engines/test-engines.ts";
import { freshSchema } from "../src/fresh-database.ts";

test("a fresh schema is migrated, closed to its service's user beyond its rights, and gone after drop()", async () => {
  const { mysqlAdminUrl } = testEngines();
  const [one, two] = await Promise.all([
    freshSchema(mysqlAdminUrl, "platform", []),
    freshSchema(mysqlAdminUrl, "platform", []),
  ]);
  expect(one.schema).not.toBe(two.schema);

  const owner = await createConnection(one.ownerUrl);
  const [rows] = await owner.query("SELECT COUNT(*) AS n FROM outbox");
  expect(rows).toEqual([{ n: 0 }]);
  await owner.end();

  const service = await createConnection(one.url);
  await expect(service.query("SELECT * FROM outbox")).rejects.toThrow(/denied/);
  await service.end();

  await Promise.all([one.drop(), two.drop()]);
  await expect(createConnection(one.ownerUrl)).rejects.toThrow();
});
