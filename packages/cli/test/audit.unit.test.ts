// stipend audit verify on exports: every kind of tampering is named by its first bad row, in every format, with no system at all.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { anchorLine } from "@stipend/proto/audit/anchor";
import { ARCHIVE_ACTION } from "@stipend/proto/audit/archive";
import { GENESIS, hashRow, link } from "@stipend/proto/audit/chain";
import { csvHeader, csvLine } from "@stipend/proto/audit/csv";
import { jsonLine } from "@stipend/proto/audit/jsonl";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";
import { Command } from "commander";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { addAudit } from "../src/commands/audit.ts";
import { CliFailure, EXIT } from "../src/failure.ts";

const AT = new Date("2026-01-31T10:00:00.123Z");
const folder = mkdtempSync(join(tmpdir(), "audit-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function record(n: number, over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    actionId: `action-${n}`,
    service: "credits",
    actor: "ada",
    roles: ["admin", "support"],
    action: "credits.grant",
    target: `user-${n}`,
    outcome: "succeeded",
    reason: `=1+1, "für" 为了 😀\r\nline\u2028two ${n}`,
    before: n % 2 === 0 ? null : '{"b": 1,  "a": "x,y"}',
    after: `{"amount": ${n}}`,
    ip: "2001:db8::1",
    userAgent: "\t-curl/8",
    requestId: `req-${n}`,
    traceId: "",
    occurredAt: new Date(AT.getTime() + n),
    ...over,
  };
}

const rows = link(
  GENESIS,
  Array.from({ length: 20 }, (_, n) => record(n + 1)),
  AT,
);
const at = (index: number): AuditRow => rows.at(index) ?? expect.fail(`no row at ${index}`);
const headOf = (row: AuditRow) => `${row.seq}:${row.hash}`;
const anchor = headOf(at(-1));

type Format = "csv" | "jsonl" | "jsonl.gz";
let files = 0;

function exported(format: Format, of: readonly AuditRow[]): string {
  const path = join(folder, `export-${++files}.${format}`);
  const text = format === "csv" ? csvHeader() + of.map(csvLine).join("") : of.map(jsonLine).join("");
  writeFileSync(path, format === "jsonl.gz" ? gzipSync(text) : text);
  return path;
}

async function verify(...args: string[]) {
  const out: string[] = [];
  let exit: number = EXIT.done;
  const shell = {
    env: {},
    interactive: false,
    print: (line: string) => void out.push(line),
    say: () => undefined,
    end: (code: number) => {
      exit = code;
    },
  };
  const program = new Command().exitOverride();
  addAudit(program, shell);
  await program.parseAsync(["node", "stipend", "audit", "verify", "--json", ...args]);
  return { exit, ...JSON.parse(out.join("")) };
}

const rehash = (row: AuditRow): AuditRow => ({ ...row, hash: hashRow(row) });
const FORMATS: readonly Format[] = ["csv", "jsonl", "jsonl.gz"];

describe.each(FORMATS)("an export as %s", (format) => {
  test("that nobody touched is whole, to the last strange character", async () => {
    expect(await verify(exported(format, rows), "--anchor", anchor)).toMatchObject({
      exit: 0,
      valid: true,
      checked: 20,
      head: { seq: 20, hash: at(-1).hash },
    });
  });

  test("an edited field", async () => {
    const edited = rows.with(7, { ...at(7), reason: "nothing to see" });
    expect(await verify(exported(format, edited), "--anchor", anchor)).toMatchObject({
      exit: 1,
      valid: false,
      firstBad: { seq: 8, id: "action-8", kind: "edited" },
    });
  });

  test("an edited field with its hash computed afresh: the row behind it", async () => {
    const edited = rows.with(7, rehash({ ...at(7), actor: "x" }));
    expect(await verify(exported(format, edited))).toMatchObject({ exit: 1, firstBad: { seq: 9, kind: "unlinked" } });
  });

  test("a deleted row", async () => {
    expect(await verify(exported(format, rows.toSpliced(7, 1)), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 8, kind: "missing" },
    });
  });

  test("a deleted first row", async () => {
    expect(await verify(exported(format, rows.slice(1)), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 1, kind: "missing" },
    });
  });

  test("swapped rows", async () => {
    expect(await verify(exported(format, rows.with(4, at(5)).with(5, at(4))), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 5 },
    });
  });

  test("an inserted row, numbered on", async () => {
    const forged = rehash({ ...record(99), seq: 8, recordedAt: AT, prevHash: at(6).hash, hash: "" });
    const shifted = [...rows.slice(0, 7), forged, ...rows.slice(7).map((row) => ({ ...row, seq: row.seq + 1 }))];
    expect(await verify(exported(format, shifted), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 9, kind: "edited" },
    });
  });

  test("an inserted row that has the number of another", async () => {
    expect(await verify(exported(format, rows.toSpliced(7, 0, at(6))), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 8, kind: "unlinked" },
    });
  });

  test("a cut tail, by the anchor given or in a file; without an anchor it can't be seen", async () => {
    const cut = exported(format, rows.slice(0, 15));
    const heads = join(folder, `heads-${++files}.jsonl`);
    writeFileSync(heads, `${rows.map((row) => anchorLine(row, AT)).join("\n")}\n{"seq":21,"ha`);
    const found = { exit: 1, firstBad: { seq: 16, kind: "tail_missing" } };
    expect(await verify(cut, "--anchor", anchor)).toMatchObject(found);
    expect(await verify(cut, "--anchor-file", heads)).toMatchObject(found);
    expect(await verify(cut)).toMatchObject({ exit: 0, checked: 15 });
  });

  test("a chain computed afresh", async () => {
    const forged = link(
      GENESIS,
      rows.map((row) => (row.seq === 3 ? { ...row, actor: "x" } : row)),
      AT,
    );
    expect(await verify(exported(format, forged), "--anchor", anchor)).toMatchObject({
      exit: 1,
      firstBad: { seq: 20, kind: "rewritten" },
    });
  });

  test("a row that is none any more", async () => {
    const path = join(folder, `broken-${++files}.${format}`);
    const text =
      format === "csv"
        ? `${csvHeader()}${csvLine(at(0))}2,"half a row"\r\n`
        : `${jsonLine(at(0))}{"seq":"2","id":"half"}\n${jsonLine(at(2))}`;
    writeFileSync(path, format === "jsonl.gz" ? gzipSync(text) : text);
    expect(await verify(path)).toMatchObject({ exit: 1, checked: 1, firstBad: { seq: 2, kind: "edited" } });
  });

  test("any single character that is changed", async () => {
    const texts = ["actor", "target", "reason", "ip", "userAgent", "requestId", "before", "after"] as const;
    const anyChange = fc.tuple(fc.nat({ max: 19 }), fc.constantFrom(...texts), fc.string({ maxLength: 5 }));
    const check = async ([index, field, text]: [number, (typeof texts)[number], string]) => {
      fc.pre(text !== (at(index)[field] ?? ""));
      const changed = rows.with(index, { ...at(index), [field]: text });
      const found = await verify(exported(format, changed));
      expect(found).toMatchObject({ exit: 1, firstBad: { seq: index + 1, kind: "edited" } });
    };
    await fc.assert(fc.asyncProperty(anyChange, check), { numRuns: 25 });
  });
});

describe("an export that two readers could read in two ways", () => {
  test("a CSV field with a tab that nobody set", async () => {
    const path = exported("csv", rows);
    writeFileSync(path, readFileSync(path, "utf8").replace(",ada,", ',"\tada",'));
    expect(await verify(path)).toMatchObject({ exit: 1, firstBad: { seq: 1, kind: "edited" } });
  });

  test.each([
    ["a quote within a bare field", ",ada,", ',a"da,'],
    ["something behind a closing quote", ',"{""amount"": 1}",', ',"{""amount"": 1}"x,'],
    ["a line end within a bare field", ",ada,", ",a\nda,"],
    ["a quoted field that never ends", ",ada,", ',"ada,'],
  ])("a CSV with %s", async (_what, was, is) => {
    const path = exported("csv", rows);
    writeFileSync(path, readFileSync(path, "utf8").replace(was, is));
    expect(await verify(path)).toMatchObject({ exit: 1, checked: 0, firstBad: { seq: 1, kind: "edited" } });
  });

  test("a JSON line that has a field twice", async () => {
    const path = exported("jsonl", rows);
    writeFileSync(path, readFileSync(path, "utf8").replace('{"seq":"2",', '{"actor":"somebody else","seq":"2",'));
    expect(await verify(path)).toMatchObject({ exit: 1, firstBad: { seq: 2, kind: "edited" } });
  });
});

describe("a log that was archived", () => {
  const cut = at(9);
  const after = JSON.stringify({ month: "2026-01", fromSeq: 1, toSeq: 10, hash: cut.hash, rows: 10 });
  const said = link(at(-1), [record(21, { service: "admin-audit", action: ARCHIVE_ACTION, after })], AT);
  const rest = [...rows.slice(10), ...said];
  const head = headOf(said[0] as AuditRow);

  test("is whole from the archive's file through to the export", async () => {
    const parts = [exported("jsonl.gz", rows.slice(0, 10)), exported("csv", rest)];
    expect(await verify(...parts, "--anchor", head)).toMatchObject({ exit: 0, checked: 21 });
    expect(await verify(...parts.reverse(), "--anchor", head)).toMatchObject({ exit: 1 });
  });

  test("is whole by itself, because one of its rows says where it was cut", async () => {
    expect(await verify(exported("csv", rest), "--anchor", head)).toMatchObject({ exit: 0, checked: 11 });
    const more = exported("csv", rest.slice(1));
    expect(await verify(more, "--anchor", head)).toMatchObject({ exit: 1, firstBad: { seq: 1, kind: "missing" } });
  });

  test("and a middle part is whole behind a row that is known", async () => {
    const part = exported("jsonl", rows.slice(5, 10));
    expect(await verify(part)).toMatchObject({ exit: 1, firstBad: { seq: 1, kind: "missing" } });
    expect(await verify(part, "--after", headOf(at(4)))).toMatchObject({ exit: 0, checked: 5 });
    expect(await verify(part, "--after", `5:${"0".repeat(64)}`)).toMatchObject({ exit: 1, firstBad: { seq: 6 } });
  });
});

describe("what can't be checked is said, not judged", () => {
  test.each([
    ["a file that is not there", [join(folder, "nowhere.csv")]],
    ["a file of another kind", [join(folder, "rows.txt")]],
    ["an anchor that is none", [exported("csv", rows), "--anchor", "20:abc"]],
    ["two anchors", [exported("csv", rows), "--anchor", anchor, "--anchor-file", "x"]],
    ["an anchor file without a head", [exported("csv", rows), "--anchor-file", exported("csv", rows)]],
  ])("%s", async (_what, args) => {
    await expect(verify(...args)).rejects.toMatchObject({ exit: EXIT.usage });
    await expect(verify(...args)).rejects.toBeInstanceOf(CliFailure);
  });

  test("a CSV that is no export", async () => {
    const path = join(folder, "other.csv");
    writeFileSync(path, "a,b\r\n1,2\r\n");
    await expect(verify(path)).rejects.toMatchObject({ exit: EXIT.usage });
  });
});
