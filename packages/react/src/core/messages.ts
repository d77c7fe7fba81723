import { type Fields, isRecord, pick, readChange, readCredits, readMembership } from "./read.ts";
import type { Parts } from "./state.ts";
import type { Change, Credits } from "./types.ts";

/** All that is known of a user: what windows tell each other, and what is stored. */
export interface Copy extends Parts {
  readonly userId: string;
  /** Wall clock of the last news, whole milliseconds. */
  readonly at: number;
}

/** What windows tell each other. A token is never among it. */
export type Message =
  /** A window has come, or woken; whoever knows the user's state answers with it. */
  | { readonly type: "hello"; readonly userId: string }
  | (Copy & {
      readonly type: "state";
      /** Of the holder of the stream: it is up, or it broke. */
      readonly live: boolean | undefined;
      /** What has just happened, and the account right after it. */
      readonly change: { readonly change: Change; readonly credits: Credits } | undefined;
    })
  /** Who is signed in from now on; null: nobody. `was`: whose session ended. */
  | { readonly type: "session"; readonly userId: string | null; readonly was: string | null };

const VERSION = 1;

export function pack(scope: string, message: Message): unknown {
  return { ...message, stipend: VERSION, scope };
}

/** Undefined for everything that is not ours, not of this version or not whole. */
export function unpack(scope: string, data: unknown): Message | undefined {
  if (!isRecord(data) || data["stipend"] !== VERSION || data["scope"] !== scope) return undefined;
  const { type, live } = data;
  if (type === "session") return pick(data, "type userId? was?");
  if (type === "hello") return pick(data, "type userId");
  const copy = type === "state" && readCopy(data);
  return copy
    ? { ...copy, type, live: typeof live === "boolean" ? live : undefined, change: happened(data) }
    : undefined;
}

function happened({ change: both }: Fields) {
  const change = isRecord(both) ? readChange(both["change"]) : undefined;
  const credits = change && readCredits((both as Fields)["credits"]);
  return change && credits && { change, credits };
}

export function readCopy(value: unknown): Copy | undefined {
  const known = pick<Pick<Copy, "userId" | "at">>(value, "userId at#");
  const parts = value as Fields;
  return known && { ...known, credits: readCredits(parts["credits"]), membership: readMembership(parts["membership"]) };
}

export function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
