import type { Kafka } from "kafkajs";

/** As the broker sees the group: "Stable", "PreparingRebalance" … */
export async function groupState(kafka: Kafka, groupId: string): Promise<{ state: string; members: number }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return { state: groups[0]?.state ?? "", members: groups[0]?.members.length ?? 0 };
  } finally {
    await admin.disconnect();
  }
}
