import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** Messages that a consumer could not apply wait for a person. */
export const dlqNotEmpty = defineRule({
  name: "dlq_not_empty",
  family: "machinery",
  about:
    "There are messages in a dead letter topic; told again when more come. Over when they have been taken out or have expired.",
  settings: { messages: whole(1, 1, 1_000_000_000, "so many") },
});
