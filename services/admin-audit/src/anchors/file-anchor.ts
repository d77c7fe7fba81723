import { open } from "node:fs/promises";
import type { ChainHead } from "../domain/chain.ts";
import type { HeadAnchor } from "../usecases/verify-log.ts";

/** The last lines are enough: heads only grow. */
const TAIL_BYTES = 64 * 1_024;

/** A file that gets one JSON line for each new head, flushed to the disk: {"seq", "hash", "at"}. */
export class FileAnchor implements HeadAnchor {
  readonly source: string;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.source = `the file ${path}`;
  }

  /** One write of one line: lines of two instances do not mix. */
  async record(head: ChainHead, at: Date): Promise<void> {
    const file = await open(this.#path, "a", 0o600);
    try {
      await file.appendFile(`${JSON.stringify({ seq: head.seq, hash: head.hash, at: at.toISOString() })}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async latest(): Promise<ChainHead | null> {
    const file = await open(this.#path, "r").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    });
    if (file === null) return null;
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return furthest(buffer.toString("utf8", 0, bytesRead).split("\n").map(parseLine));
    } finally {
      await file.close();
    }
  }
}

/** A line that was cut by a crash, or by the tail's beginning, is no head. */
function parseLine(line: string): ChainHead | null {
  const found = /^\{"seq":(\d{1,15}),"hash":"([0-9a-f]{64})"/.exec(line);
  return found === null ? null : { seq: Number(found[1]), hash: String(found[2]) };
}

/** The head with the highest position; of two at the same position the one that was there first. */
export function furthest(heads: readonly (ChainHead | null)[]): ChainHead | null {
  let best: ChainHead | null = null;
  for (const head of heads) if (head !== null && head.seq > (best?.seq ?? -1)) best = head;
  return best;
}
