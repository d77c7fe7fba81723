// A process that does nothing but admin writes, until it is killed: node admin-writer.ts <mysql url>. Prints a line for each
// that was acknowledged.
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { adjustCredits, grantCredits, setAccountStatus } from "../../src/store/ledger.ts";

const [url = ""] = process.argv.slice(2);
const db = new Database({ url, log: silentLog(), poolSize: 4 });
const now = new Date("2026-01-10T12:00:00.000Z");

const by = (n: number, action: string) => ({
  requestKey: `key-${n}`,
  requestHash: "h",
  actor: "ada",
  reason: "until it dies",
  audit: { id: `audit-${n}-${action}`, actor: "ada", roles: ["admin"], action, reason: "until it dies" },
});

for (let n = 0; ; n += 4) {
  const userId = `killed-${n % 12}`;
  await Promise.all([
    db.transaction((tx) => grantCredits(tx, now, [{ userId, amount: 5, kind: "bonus", ...by(n, "credits.grant") }])),
    db.transaction((tx) => adjustCredits(tx, now, [{ userId: `${userId}-b`, amount: 3, ...by(n, "credits.adjust") }])),
    db.transaction(async (tx) => {
      const action = (n / 12) % 2 < 1 ? "freeze" : "unfreeze";
      return await setAccountStatus(tx, now, [{ userId: `${userId}-c`, action, ...by(n, `credits.${action}`) }]);
    }),
  ]);
  process.stdout.write(`${n}\n`);
}
