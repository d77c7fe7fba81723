import { isRecord, readChange, readCredits, readGrants, readMembership } from "./read.ts";
import type { Change, Credits, Grants, Membership } from "./types.ts";

/** What windows tell each other. A token is never among it. */
export type Message =
  /** A window has come; whoever knows the user's state answers with it. */
  | { readonly type: "hello"; readonly userId: string }
  | {
      readonly type: "state";
      readonly userId: string;
      readonly credits: Credits | null;
      readonly membership: Membership | null;
      readonly grants: Grants | null;
      /** Wall clock of the last news. */
      readonly at: number | null;
    }
  /** From the holder of the stream: it is up, so these versions are the newest; or it broke. */
  | {
      readonly type: "news";
      readonly userId: string;
      readonly live: boolean;
      readonly credits: number;
      readonly membership: number;
    }
  | { readonly type: "change"; readonly userId: string; readonly change: Change; readonly credits: Credits }
  /** Who is signed in from now on; null: nobody. `was`: whose session ended. */
  | { readonly type: "session"; readonly userId: string | null; readonly was: string | null };

const VERSION = 1;

export function pack(scope: string, message: Message): unknown {
  return { stipend: VERSION, scope, ...message };
}

/** Undefined for everything that is not ours, not of this version or not whole. */
export function unpack(scope: string, data: unknown): Message | undefined {
  if (!isRecord(data) || data["stipend"] !== VERSION || data["scope"] !== scope) return undefined;
  const { type, userId, was, live, at } = data;
  if (type === "session") return isName(userId) && isName(was) ? { type, userId, was } : undefined;
  if (typeof userId !== "string") return undefined;
  if (type === "hello") return { type, userId };
  if (type === "news") {
    const { credits, membership } = data;
    const whole = typeof live === "boolean" && typeof credits === "number" && typeof membership === "number";
    return whole ? { type, userId, live, credits, membership } : undefined;
  }
  const credits = readCredits(data["credits"]) ?? null;
  if (type === "change") {
    const change = readChange(data["change"]);
    return change !== undefined && credits?.userId === userId ? { type, userId, change, credits } : undefined;
  }
  if (type !== "state") return undefined;
  const membership = readMembership(data["membership"]) ?? null;
  return {
    type,
    userId,
    credits: credits?.userId === userId ? credits : null,
    membership: membership?.userId === userId ? membership : null,
    grants: readGrants(data["grants"]) ?? null,
    at: typeof at === "number" && Number.isFinite(at) ? at : null,
  };
}

function isName(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
