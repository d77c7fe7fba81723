import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type IncomingEvent, PoisonEvent } from "@stipend/platform/kafka/events";
import { MembershipChangedSchema, MembershipCycle, MembershipStatus } from "@stipend/proto/events/membership/v1/events";
import { describe, expect, test } from "vitest";
import { membershipNews } from "../src/events/membership-news.ts";

const DAY = new Date("2026-01-10T00:00:00.000Z");
const started = timestampFromDate(DAY);

function event(userId: string, tier: string, pendingTier = "lite"): IncomingEvent {
  const terms = (name: string) => ({ tier: name, monthlyCredits: 250n, rank: 1 });
  const message: MessageInitShape<typeof MembershipChangedSchema> = {
    userId,
    version: 3n,
    membership: {
      membershipId: "m",
      status: MembershipStatus.ACTIVE,
      cycle: MembershipCycle.MONTHLY,
      terms: terms(tier),
      pendingTerms: terms(pendingTier),
      startedAt: started,
      currentPeriodStart: started,
      currentPeriodEnd: started,
    },
  };
  return {
    id: "e1",
    type: MembershipChangedSchema.typeName,
    source: "/stipend/membership",
    subject: userId,
    time: DAY,
    topic: "membership.v1",
    partition: 0,
    offset: "0",
    message: create(MembershipChangedSchema, message),
    data: new Uint8Array(),
  };
}

describe("news of a membership", () => {
  test("is taken as it stands", () => {
    const news = membershipNews(event("alice|a.b@c:1-2_3", "pro_2-x"));
    expect(news).toMatchObject({ userId: "alice|a.b@c:1-2_3", version: 3, occurredAt: DAY });
    expect(news?.membership?.terms).toMatchObject({ tier: "pro_2-x", monthlyCredits: 250 });
    expect(news?.membership?.pendingTerms?.tier).toBe("lite");
  });

  test.each([
    ["a user id that is empty", "", "pro", "lite"],
    ["a user id with an end of line", "bob\n", "pro", "lite"],
    ["a user id with a quote", 'bob"', "pro", "lite"],
    ["a user id too long", "b".repeat(129), "pro", "lite"],
    ["a tier that is empty", "bob", "", "lite"],
    ["a tier that would end its JSON", "bob", 'pro","remaining":"999', "lite"],
    ["a tier with a backslash", "bob", "pro\\", "lite"],
    ["a scheduled tier that would end its JSON", "bob", "pro", 'lite"}'],
  ])("with %s goes to the dead letters", (_what, userId, tier, pendingTier) => {
    expect(() => membershipNews(event(userId, tier, pendingTier))).toThrow(PoisonEvent);
  });
});
