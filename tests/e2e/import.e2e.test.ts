/** A team moves in: npm run stipend -- import users.csv, cut off and run again. */
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { expectBody } from "../support/client.ts";
import { expectMovedIn, ImportFile, movers, startImport } from "../support/importing.ts";
import { running } from "../support/running.ts";

const { people, home, baseUrl } = running();
const run = (...args: string[]) => startImport({ baseUrl, home }, ...args);
const name = (what: string) => `${what}${crypto.randomUUID().slice(0, 6)}`;

const Users = z.object({ data: z.array(z.looseObject({ userId: z.string() })), nextCursor: z.string().nullable() });
const AuditPage = z.object({ data: z.array(z.looseObject({ action: z.string(), reason: z.string() })) });

/** How many users the admins' list finds by the beginning of their ids. */
async function known(prefix: string): Promise<number> {
  const admin = await people.admin();
  let found = 0;
  let cursor: string | null = "";
  while (cursor !== null) {
    const after: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: z.output<typeof Users> = expectBody(
      await admin.get(`/api/admin/users?query=${prefix}-&limit=100${after}`),
      Users,
    );
    found += page.data.length;
    cursor = page.nextCursor;
  }
  return found;
}

describe("an import", () => {
  test("killed with SIGKILL in the middle and run again gives everybody what the file says, once", async () => {
    const prefix = name("kill");
    const all = movers(prefix, 200);
    const file = new ImportFile(all);
    const cut = run(file.path, "--batch", "5");
    await eventually(async () => expect(await known(prefix)).toBeGreaterThan(0), { timeoutMs: 60_000, everyMs: 20 });
    cut.child.kill("SIGKILL");
    expect((await cut.ended).code).toBeNull();
    const half = await known(prefix);
    // Otherwise it was not cut off in the middle, and the test proved nothing.
    expect(half).toBeLessThan(all.length);

    const again = await run(file.path, "--batch", "100").ended;
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const [, now, before] = /^imported +(\d+) users? now .*, (\d+) before$/m.exec(again.stdout) ?? [];
    expect(Number(now) + Number(before)).toBe(all.length);
    expect(Number(before)).toBeGreaterThan(0);
    await expectMovedIn(people, all);

    const third = await run(file.path).ended;
    expect(third.stdout).toContain("imported      0 users now (0 memberships, 0 credits), 200 before");
    await expectMovedIn(people, all.slice(0, 40));
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    const target = all.find(({ tier, balance, left }) => tier === "pro" && balance > left)?.userId;
    await eventually(async () => {
      const { data } = expectBody(await auditor.get(`/api/admin/audit?target=${target}`), AuditPage);
      // That an admin looked at the account stands there as well.
      const done = data.map(({ action }) => action).filter((action) => action !== "data.read");
      expect(done.toSorted()).toEqual(["credits.open", "credits.open", "membership.set"]);
    });
    file.remove();
  }, 150_000);

  test("lists every problem by its line, those of the file and those only the system knows, and writes nothing", async () => {
    const prefix = name("bad");
    const admin = await people.admin();
    const member = `${prefix}-member`;
    await admin.put(`/api/admin/users/${member}/membership`, { tier: "pro", cycle: "monthly", reason: "was here" });
    const file = new ImportFile(movers(prefix, 3), [
      `${prefix}-gold,,gold,,1,`,
      `${member},,pro,2025-03-31,,`,
      `${prefix}-late,,pro,2999-01-01,,`,
      `${prefix}-0001,,,,1,`,
      `${prefix}-less,,pro,,1,2`,
      `${prefix}-open,"x,,,,`,
    ]);
    for (const flags of [["--dry-run"], []]) {
      const { code, stdout } = await run(file.path, ...flags).ended;
      expect(code).toBe(1);
      const found = [...stdout.matchAll(/^line (\d+) ?[^:]*: (\w+):/gm)].map(
        ([, line, problem]) => `${line} ${problem}`,
      );
      expect(found).toEqual([
        "5 unknown_tier",
        "6 membership_exists",
        "7 start_date_in_future",
        "8 duplicate_user",
        "9 validation_failed",
        "10 bad_csv",
      ]);
      expect(await known(prefix)).toBe(1);
    }
    file.remove();
  });

  test("of somebody without the role is refused", async () => {
    const file = new ImportFile(movers(name("no"), 1));
    const token = await people.tokenOf("eve", ["support"]);
    const { code, stderr } = await run(file.path, "--token", token).ended;
    expect([code, stderr]).toEqual([4, expect.stringContaining("role_required")]);
    file.remove();
  });
});
