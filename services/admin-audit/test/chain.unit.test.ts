import { createHash } from "node:crypto";
import { encodeRow, GENESIS, hashRow, link } from "@stipend/proto/audit/chain";
import type { AuditRow } from "@stipend/proto/audit/row";
import { type ChainBreak, ChainVerifier, type KnownHead } from "@stipend/proto/audit/verify";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admit } from "../src/domain/audit-row.ts";
import { AT, at, chainOf, recompute, record, rehash } from "./builders.ts";

const headOf = (rows: readonly AuditRow[], source = "the anchor"): KnownHead => {
  const { seq, hash } = at(rows, -1);
  return { seq, hash, source };
};

function verify(rows: readonly AuditRow[], heads: readonly KnownHead[]): ChainBreak | null {
  const verifier = new ChainVerifier(heads);
  for (const row of rows) verifier.add(row);
  return verifier.finish();
}

describe("the canonical encoding", () => {
  it("is what the README says, byte for byte", () => {
    const [row] = link(GENESIS, [record(2, { reason: "é", roles: ["admin"], before: null, after: "{}" })], AT);
    const zeros = "0".repeat(64);
    expect(encodeRow(at([row], 0) as AuditRow)).toBe(
      `15:stipend-audit-1,1:1,64:${zeros},8:action-2,7:credits,16:root@example.com,1:1,5:admin,13:credits.grant,` +
        "6:user-2,9:succeeded,2:é,1:-,3:+{},11:2001:db8::1,13:curl/8 (=cmd),5:req-2,0:," +
        "24:2026-01-31T10:00:00.125Z,24:2026-01-31T10:00:00.123Z,",
    );
  });

  it("gives every change of a field another hash", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12 });
    const fields = ["actor", "target", "reason", "ip", "userAgent", "requestId", "traceId", "action"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...fields), text, text, (field, a, b) => {
        fc.pre(a !== b);
        const [first] = link(GENESIS, [record(1, { [field]: a })], AT);
        const [second] = link(GENESIS, [record(1, { [field]: b })], AT);
        expect(first?.hash).not.toBe(second?.hash);
      }),
    );
  });

  it("does not confuse text that moves from one field to the next, nor an absent state with an empty one", () => {
    const variants = [
      record(1, { actor: "ab", action: "c" }),
      record(1, { actor: "a", action: "bc" }),
      record(1, { roles: ["admin"] }),
      record(1, { roles: ["ad", "min"] }),
      record(1, { roles: [] }),
      record(1, { before: null }),
      record(1, { before: "" }),
      record(1, { before: "-" }),
    ];
    const hashes = variants.map((variant) => at(link(GENESIS, [variant], AT), 0).hash);
    expect(new Set(hashes).size).toBe(variants.length);
  });

  it("is SHA-256", () => {
    const row = at(chainOf(1), 0);
    expect(row.hash).toBe(createHash("sha256").update(encodeRow(row), "utf8").digest("hex"));
  });
});

describe("verify", () => {
  const rows = chainOf(20);

  it("accepts an untouched chain, an empty one, and one that grew behind the anchor", () => {
    expect(verify(rows, [headOf(rows)])).toBeNull();
    expect(verify(rows, [headOf(rows.slice(0, 7))])).toBeNull();
    expect(verify([], [{ ...GENESIS, source: "the anchor" }])).toBeNull();
  });

  it.each([
    ["actor", { actor: "somebody else" }],
    ["reason", { reason: "" }],
    ["time", { occurredAt: new Date(0) }],
    ["recorded time", { recordedAt: new Date(0) }],
    ["state", { after: '{"amount":8}' }],
    ["role", { roles: ["admin"] }],
    ["outcome", { outcome: "refused" as const }],
  ])("names the row whose %s was edited", (_name, change) => {
    const edited = rows.map((row) => (row.seq === 8 ? { ...row, ...change } : row));
    expect(verify(edited, [headOf(rows)])).toMatchObject({ seq: 8, kind: "edited", id: "action-8" });
  });

  it("names the row behind an edit whose hash was computed afresh", () => {
    const edited = rows.map((row) => (row.seq === 8 ? rehash({ ...row, actor: "x" }) : row));
    expect(verify(edited, [headOf(rows)])).toMatchObject({ seq: 9, kind: "unlinked" });
  });

  it("finds a deleted row, with and without closing the gap", () => {
    expect(verify(rows.toSpliced(7, 1), [headOf(rows)])).toMatchObject({ seq: 8, kind: "missing", id: null });
    const closed = rows.toSpliced(7, 1).map((row, i) => rehash({ ...row, seq: i + 1 }));
    expect(verify(closed, [headOf(rows)])).toMatchObject({ seq: 8, kind: "unlinked" });
  });

  it("finds swapped rows", () => {
    const swapped = rows.with(4, { ...at(rows, 5), seq: 5 }).with(5, { ...at(rows, 4), seq: 6 });
    expect(verify(swapped, [headOf(rows)])).toMatchObject({ seq: 5 });
    const asTheyStand = rows.with(4, at(rows, 5)).with(5, at(rows, 4));
    expect(verify(asTheyStand, [headOf(rows)])).toMatchObject({ seq: 5, kind: "missing" });
  });

  it("finds an inserted row", () => {
    const forged = rehash({ ...record(99), seq: 8, recordedAt: AT, prevHash: at(rows, 6).hash, hash: "" });
    const shifted = [...rows.slice(0, 7), forged, ...rows.slice(7).map((row) => ({ ...row, seq: row.seq + 1 }))];
    expect(verify(shifted, [headOf(rows)])).toMatchObject({ seq: 9, kind: "edited" });
  });

  it("finds a cut tail by the anchor", () => {
    expect(verify(rows.slice(0, 15), [headOf(rows)])).toMatchObject({ seq: 16, kind: "tail_missing" });
    expect(verify([], [headOf(rows)])).toMatchObject({ seq: 1, kind: "tail_missing" });
  });

  it("finds a chain that was computed afresh by the anchor, and only by it", () => {
    const forged = recompute(rows.map((row) => (row.seq === 3 ? { ...row, actor: "x" } : row)));
    expect(verify(forged, [])).toBeNull();
    expect(verify(forged, [headOf(rows)])).toMatchObject({ seq: 20, kind: "rewritten" });
    const longer = recompute([...forged, ...chainOf(21).slice(20)]);
    expect(verify(longer, [headOf(rows)])).toMatchObject({ seq: 20, kind: "rewritten" });
  });

  it("finds rows behind the recorded head", () => {
    const verifier = new ChainVerifier([]);
    for (const row of rows) verifier.add(row);
    expect(verifier.finish(headOf(rows.slice(0, 18)))).toMatchObject({ seq: 19, kind: "appended" });
  });

  it("finds any single change of any row", () => {
    const keys = Object.keys(at(rows, 0)) as (keyof AuditRow)[];
    fc.assert(
      fc.property(fc.nat({ max: 19 }), fc.constantFrom(...keys), (index, key) => {
        const row = at(rows, index);
        const value = row[key];
        const other =
          value instanceof Date
            ? new Date(value.getTime() + 1)
            : typeof value === "number"
              ? value + 1
              : `${String(value)}x`;
        const changed = { ...row, [key]: key === "roles" ? [...row.roles, "x"] : other } as AuditRow;
        expect(verify(rows.with(index, changed), [headOf(rows)])).not.toBeNull();
      }),
    );
  });

  it("goes on counting behind the first break", () => {
    const verifier = new ChainVerifier([]);
    for (const row of rows.with(2, { ...at(rows, 2), ip: "x" })) verifier.add(row);
    expect(verifier.checked).toBe(20);
    expect(verifier.last.seq).toBe(2);
  });
});

describe("admit", () => {
  it("cuts what is too long instead of turning the deed away", () => {
    const admission = admit({
      ...record(1),
      userAgent: "😀".repeat(600),
      reason: "r".repeat(1000),
      before: "x".repeat(70_000),
    });
    if (!admission.ok) throw new Error(admission.reason);
    expect([...admission.record.userAgent]).toHaveLength(512);
    expect(admission.record.userAgent.endsWith("…")).toBe(true);
    expect(admission.record.reason).toBe("r".repeat(1000));
    expect(JSON.parse(admission.record.before ?? "")).toMatchObject({ truncated: true });
  });

  it.each([
    ["no id", { actionId: "" }],
    ["an id that is not ASCII", { actionId: "é" }],
    ["an id that is too long", { actionId: "x".repeat(65) }],
    ["no action", { action: "" }],
    ["an unknown outcome", { outcome: "maybe" }],
    ["a time that no column keeps", { occurredAt: new Date(Number.NaN) }],
  ])("refuses %s", (_name, change) => {
    expect(admit({ ...record(1), ...change }).ok).toBe(false);
  });

  it("leaves a record that fits as it is", () => {
    expect(admit(record(1))).toEqual({ ok: true, record: record(1) });
    const row = at(chainOf(1), 0);
    expect(hashRow(row)).toBe(row.hash);
  });
});
