import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { access, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { fromJsonLine, jsonLine } from "@stipend/proto/audit/jsonl";
import { type AuditRow, fromExported } from "@stipend/proto/audit/row";
import type { ArchiveFiles } from "../usecases/archive-months.ts";

/** Compressed JSON lines in one folder. A name appears only when the whole file is on the disk. */
export class FolderArchive implements ArchiveFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(name: string, rows: AsyncIterable<AuditRow>): Promise<void> {
    const path = join(this.#folder, name);
    if (await exists(path)) return;
    const unfinished = `${path}.part`;
    // What a dead run left is nobody's.
    await rm(unfinished, { force: true });
    await pipeline(
      Readable.from(lines(rows)),
      createGzip(),
      createWriteStream(unfinished, { flags: "wx", mode: 0o600, flush: true }),
    );
    await rename(unfinished, path);
    // The name itself has to survive a power cut before the chain speaks of it.
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async *read(name: string): AsyncIterable<AuditRow | null> {
    const bytes = createReadStream(join(this.#folder, name));
    const text = bytes.pipe(createGunzip());
    bytes.on("error", (error) => text.destroy(error));
    for await (const line of createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY })) {
      const row = fromJsonLine(line);
      yield row === null ? null : fromExported(row);
    }
  }

  async digest(name: string): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(join(this.#folder, name))) hash.update(chunk as Buffer);
    return hash.digest("hex");
  }
}

async function* lines(rows: AsyncIterable<AuditRow>): AsyncIterable<string> {
  for await (const row of rows) yield jsonLine(row);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
