import { texts, whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** Events wait in Kafka for a consumer that has not read them. */
export const consumerLag = defineRule({
  name: "consumer_lag",
  family: "machinery",
  about:
    "A consumer group of this installation is at least `messages` behind for `minutes`. Over when it has caught up. Groups of the gateway's instances, which come and go, are left out by `groups`.",
  settings: {
    messages: whole(1_000, 1, 1_000_000_000, "so many messages not read"),
    minutes: whole(5, 0, 10_080, "for so long"),
    groups: texts(
      ["credits", "membership", "admin-audit", "monitor"],
      "groups whose name begins so, behind the prefix",
    ),
  },
});
