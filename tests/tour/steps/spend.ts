import { Rewritten } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

const TEXT = "In order to be able to make a decision, we basically need to take a look at it very soon.";

/** 2. alice uses a metered feature: 1 credit is spent, and she gets the text. */
export async function useFeature({ alice }: Guide): Promise<void> {
  const { data: before } = await alice.client.get("/api/credits");
  say(`${alice.name} has a sentence rewritten: “${TEXT}”`);
  const answer = await alice.client.feature("post", "/api/rewrite", { body: { text: TEXT } });
  show(answer);
  expectThat(Rewritten.safeParse(answer.data).success, "she gets her text");
  const { charged, remaining } = answer;
  say(`Stipend-Credits-Charged: ${charged}, Stipend-Credits-Remaining: ${remaining}`);
  const { data: after } = await alice.client.get("/api/credits");
  expectThat(
    charged === 1 && after.balance === before.balance - 1,
    `it cost 1 credit: ${before.balance} → ${after.balance}`,
  );
  expectThat(after.held === 0, "nothing stays reserved");
}
