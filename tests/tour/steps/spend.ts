import { Account } from "@stipend/proto/http/credits";
import { expectBody } from "../../support/client.ts";
import { Rewritten } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

const TEXT = "In order to be able to make a decision, we basically need to take a look at it very soon.";

/** 2. alice uses a metered feature: 1 credit is spent, and she gets the text. */
export async function useFeature({ alice }: Guide): Promise<void> {
  const before = expectBody(await alice.client.get("/api/credits"), Account);
  say(`${alice.name} has a sentence rewritten: “${TEXT}”`);
  const answer = await alice.client.post("/api/rewrite", { text: TEXT });
  show(answer);
  expectBody(answer, Rewritten);
  const charged = answer.headers.get("stipend-credits-charged");
  const remaining = answer.headers.get("stipend-credits-remaining");
  say(`Stipend-Credits-Charged: ${charged}, Stipend-Credits-Remaining: ${remaining}`);
  const after = expectBody(await alice.client.get("/api/credits"), Account);
  expectThat(
    charged === "1" && after.balance === before.balance - 1,
    `it cost 1 credit: ${before.balance} → ${after.balance}`,
  );
  expectThat(after.held === 0, "nothing stays reserved");
}
