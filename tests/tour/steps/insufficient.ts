import { Account, Movement } from "@stipend/proto/http/credits";
import { expectBody } from "../../support/client.ts";
import { Rewritten, Shortfall } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

/** 4. bob, no member, is given 3 credits, uses them, and the fourth call is refused with a way out. */
export async function runOut({ bob, admin, run }: Guide): Promise<void> {
  say(`An admin gives ${bob.name}, who is no member, 3 credits:`);
  const path = `/api/admin/users/${bob.name}/credits/grants`;
  const grant = { amount: 3, kind: "bonus", reason: "welcome" };
  const given = await admin.post(path, grant, { key: `tour-${run}-three` });
  show(given, ["transactionId", "amount", "balanceAfter"]);
  expectBody(given, Movement);
  for (const left of [2, 1, 0]) {
    const answer = await bob.client.post("/api/rewrite", { text: "A short text, basically." });
    expectBody(answer, Rewritten);
    const remaining = answer.headers.get("stipend-credits-remaining");
    expectThat(remaining === String(left), `a call is answered, ${left} left`);
  }
  say("The fourth call:");
  const refused = await bob.client.post("/api/rewrite", { text: "A short text, basically." });
  show(refused, ["status", "code", "required", "available", "shortfall", "options"]);
  const problem = expectBody(refused, Shortfall, 402);
  expectThat(
    problem.code === "insufficient_credits" && problem.shortfall === 1 && problem.available === 0,
    `it is refused: 1 credit is missing; he can ${problem.options.map((option) => option.action).join(" or ")}`,
  );
  const account = expectBody(await bob.client.get("/api/credits"), Account);
  expectThat(account.balance === 0 && account.held === 0, "nothing was partly taken");
}
