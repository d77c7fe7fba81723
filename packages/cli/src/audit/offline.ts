import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { type ChainHead, GENESIS } from "@stipend/proto/audit/chain";
import { fromCsv } from "@stipend/proto/audit/csv";
import { CsvRecords, MalformedCsv } from "@stipend/proto/audit/csv-records";
import { fromJsonLine } from "@stipend/proto/audit/jsonl";
import { COLUMNS, type ExportedRow, fromExported } from "@stipend/proto/audit/row";
import { ChainVerifier, type KnownHead } from "@stipend/proto/audit/verify";
import { CliFailure, EXIT } from "../failure.ts";
import type { Findings } from "./findings.ts";

const NO_HEADER = "its first line is not the header of an export";

/**
 * Checks exports by themselves: no database, no service, nothing but the files. Several are one chain, in the order given.
 *
 * @param cut the last row before them, when they do not begin at 1.
 * @throws CliFailure usage when a file can't be read.
 */
export async function checkOffline(
  files: readonly string[],
  anchor: KnownHead | null,
  cut: ChainHead | undefined,
): Promise<Findings> {
  const verifier = new ChainVerifier(anchor === null ? [] : [anchor], cut ?? GENESIS, cut !== undefined);
  for (const file of files) {
    for await (const row of rowsOf(file)) {
      if (row === null) {
        // What is no row any more was edited; what stands behind it can't be read with certainty.
        const seq = verifier.last.seq + 1;
        const detail = `where row ${seq} is due there is something that is no row (${file})`;
        const firstBad = verifier.firstBad ?? ({ seq, id: null, kind: "edited", detail } as const);
        return { valid: false, checked: verifier.checked, firstBad, head: verifier.last };
      }
      verifier.add(fromExported(row));
    }
  }
  const firstBad = verifier.finish();
  return { valid: firstBad === null, checked: verifier.checked, firstBad, head: verifier.last };
}

/** Null: something that is no row; nothing comes after it. */
async function* rowsOf(file: string): AsyncIterable<ExportedRow | null> {
  const [, format, packed] = /\.(csv|jsonl)(\.gz)?$/.exec(file) ?? [];
  if (format === undefined) {
    throw new CliFailure(EXIT.usage, `${file} is neither .csv nor .jsonl (nor one of them with .gz)`);
  }
  const bytes = createReadStream(file, { highWaterMark: 1 << 20 });
  const source = packed === undefined ? bytes : bytes.pipe(createGunzip());
  bytes.on("error", (error) => source.destroy(error));
  try {
    for await (const row of format === "csv" ? csvRows(source) : jsonRows(source)) {
      yield row;
      if (row === null) return;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliFailure(EXIT.usage, `${file} can't be read: ${why}`, { cause });
  } finally {
    bytes.destroy();
  }
}

async function* jsonRows(source: Readable): AsyncIterable<ExportedRow | null> {
  for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield fromJsonLine(line);
  }
}

async function* csvRows(source: Readable): AsyncIterable<ExportedRow | null> {
  const records = new CsvRecords();
  let atHeader = true;
  const rows = function* (found: Iterable<string[]>): Iterable<ExportedRow | null> {
    for (const record of found) {
      if (!atHeader) yield fromCsv(record);
      else if (record.join() !== COLUMNS.join()) throw new Error(NO_HEADER);
      atHeader = false;
    }
  };
  try {
    for await (const piece of source.setEncoding("utf8") as AsyncIterable<string>) yield* rows(records.read(piece));
    yield* rows(records.end());
  } catch (error) {
    if (!(error instanceof MalformedCsv)) throw error;
    if (atHeader) throw new Error(NO_HEADER, { cause: error });
    // Quotes that do not fit: somebody wrote into it.
    yield null;
  }
}
