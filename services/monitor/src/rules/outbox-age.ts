import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** Events wait in a service's outbox and do not get to Kafka. */
export const outboxAge = defineRule({
  name: "outbox_age",
  family: "machinery",
  about:
    "The oldest event in the outbox of a service is older than `seconds`, or a row can't be published at all. Over when it is empty again.",
  settings: { seconds: whole(60, 1, 86_400, "so old") },
});
