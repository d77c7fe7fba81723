import type { Comparison } from "../domain/consistency.ts";
import type { AlertChange } from "../domain/notices.ts";
import type { FinishedDelivery } from "./notices.ts";

/** Where doors and jobs say what was done, after it was committed. */
export interface MonitorCounts {
  /** @param repeated delivered again, and counted before. */
  events(topic: string, fresh: number, repeated: number): void;
  /** Each of these rules has judged so many things. */
  evaluations(rules: readonly string[], count: number): void;
  alertChanges(changes: readonly AlertChange[]): void;
  delivery(channel: string, status: FinishedDelivery["status"]): void;
  checked(comparisons: readonly Comparison[]): void;
}
