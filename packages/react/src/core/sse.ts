import { unreadable } from "./errors.ts";

/** One event of a stream of server-sent events. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** An event longer than this is no event of ours. */
const MAX_CHARS = 1_000_000;

/** Reads text as it comes and gives out whole events; comments, ids and retry are passed over. */
export class EventParser {
  #rest = "";

  /** @throws CreditsError when the stream is none of events */
  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > MAX_CHARS) throw unreadable();
    return blocks.map(readBlock).filter((event) => event.data !== "");
  }
}

function readBlock(block: string): ServerEvent {
  const lines = block.split(/\r?\n/);
  const values = (field: string): string[] =>
    lines.flatMap((line) => new RegExp(`^${field}: ?(.*)`, "s").exec(line)?.[1] ?? []);
  return { event: values("event").at(-1) ?? "message", data: values("data").join("\n") };
}
