import { readFile } from "node:fs/promises";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { describe, expect, test } from "vitest";
import { dumpFresh, isFromMariaDb, namesIn, SERVICES, snapshotFile } from "./snapshots.ts";

const { mysqlAdminUrl } = testEngines();

describe.each(SERVICES)("the schema of %s", (service) => {
  test("is what its snapshot says (npm run schema:snapshot)", async () => {
    const kept = await readFile(snapshotFile(service), "utf8");
    const dumped = await dumpFresh(mysqlAdminUrl, service);
    expect(namesIn(dumped).length).toBeGreaterThan(5);
    expect(namesIn(dumped)).toEqual(namesIn(kept));
    if (isFromMariaDb(dumped)) expect(dumped).toBe(kept);
  });
});
