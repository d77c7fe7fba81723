import { expectTypeOf, test } from "vitest";
import type { StipendClient } from "../src/client.ts";
import type { ApiProblem } from "../src/errors.ts";
import type { Schemas } from "../src/types.ts";

/** Never called: `npm run check` compiles it, and fails when a line that must be wrong is not. */
async function calls(client: StipendClient): Promise<void> {
  expectTypeOf((await client.get("/api/credits")).data).toEqualTypeOf<Schemas["CreditAccount"]>();
  const grant = { path: { userId: "a" }, body: { amount: 1, reason: "r" } };
  const given = await client.post("/api/admin/users/{userId}/credits/grants", grant);
  expectTypeOf<{ approvalId: string }>().toExtend<typeof given.data>();
  for await (const row of client.each("/api/credits/transactions")) {
    expectTypeOf(row).toEqualTypeOf<Schemas["CreditTransaction"]>();
  }
  // @ts-expect-error there is no such path
  await client.get("/api/credit");
  // @ts-expect-error the body is missing
  await client.post("/api/credits/consume");
  // @ts-expect-error a word is no amount
  await client.post("/api/credits/consume", { body: { amount: "1", reason: "r" } });
  // @ts-expect-error the path wants a user
  await client.get("/api/admin/users/{userId}");
  // @ts-expect-error an account is no list
  for await (const _ of client.each("/api/credits")) break;
}

/** Likewise. */
function refusals(problem: ApiProblem): number {
  if (problem.is("insufficient_credits")) return problem.details.shortfall;
  // @ts-expect-error there is no such code
  if (problem.is("no_such_code")) return 1;
  // @ts-expect-error any problem may have details, but none in particular
  return problem.details.shortfall.toFixed();
}

test("calls and refusals are typed by the document", () => {
  expectTypeOf(calls).returns.resolves.toBeVoid();
  expectTypeOf(refusals).returns.toBeNumber();
});
