import { messageOf } from "@stipend/platform/kafka/events";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import { CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import { MembershipChangedSchema } from "@stipend/proto/events/membership/v1/events";
import type { LiveHub } from "./live-hub.ts";
import { creditsState, membershipState } from "./states.ts";

/** Hands what Kafka tells to whoever listens in this process. Nothing is kept, so nothing can fail. */
export function liveEvents(hub: LiveHub): EventHandler {
  return {
    types: [CreditsChangedSchema, MembershipChangedSchema],
    handle: (batch) => {
      if (hub.open === 0) return Promise.resolve();
      for (const event of batch) {
        const credits = messageOf(event, CreditsChangedSchema);
        if (credits !== undefined) hub.publish(creditsState(credits));
        const membership = messageOf(event, MembershipChangedSchema);
        if (membership !== undefined) hub.publish(membershipState(membership));
      }
      return Promise.resolve();
    },
  };
}
