import { open } from "node:fs/promises";
import { anchorLine, parseAnchorLine } from "@stipend/proto/audit/anchor";
import { type ChainHead, furthest } from "@stipend/proto/audit/chain";
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
      await file.appendFile(`${anchorLine(head, at)}\n`);
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
      return furthest(buffer.toString("utf8", 0, bytesRead).split("\n").map(parseAnchorLine));
    } finally {
      await file.close();
    }
  }
}
