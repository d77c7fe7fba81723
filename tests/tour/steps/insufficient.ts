import { expectThat, type Guide, refused, say, show } from "../guide.ts";

/** 4. bob, no member, is given 3 credits, uses them, and the fourth call is refused with a way out. */
export async function runOut({ bob, admin, run }: Guide): Promise<void> {
  say(`An admin gives ${bob.name}, who is no member, 3 credits:`);
  const given = await admin.post("/api/admin/users/{userId}/credits/grants", {
    path: { userId: bob.name },
    body: { amount: 3, kind: "bonus", reason: "welcome" },
    key: `tour-${run}-three`,
  });
  show(given, ["transactionId", "amount", "balanceAfter"]);
  const rewrite = () => bob.client.feature("post", "/api/rewrite", { body: { text: "A short text, basically." } });
  for (const left of [2, 1, 0]) {
    const { remaining } = await rewrite();
    expectThat(remaining === left, `a call is answered, ${left} left`);
  }
  say("The fourth call:");
  const problem = await refused(rewrite(), ["status", "code", "required", "available", "shortfall", "options"]);
  if (!problem.is("insufficient_credits")) throw problem;
  const { shortfall, available, options } = problem.details;
  expectThat(
    shortfall === 1 && available === 0,
    `it is refused: 1 credit is missing; he can ${options.map((option) => option.action).join(" or ")}`,
  );
  const { data: account } = await bob.client.get("/api/credits");
  expectThat(account.balance === 0 && account.held === 0, "nothing was partly taken");
}
