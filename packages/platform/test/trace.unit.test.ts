import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  childSpan,
  currentTraceparent,
  formatTraceparent,
  parseTraceparent,
  withRemoteParent,
} from "../src/telemetry/trace.ts";

const VALID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("traceparent", () => {
  it("comes back as it was", () => {
    const parsed = parseTraceparent(VALID);
    expect(parsed).toMatchObject({ traceId: "0af7651916cd43dd8448eb211c80319c", isRemote: true });
    expect(parsed === undefined ? "" : formatTraceparent(parsed)).toBe(VALID);
  });

  it("is refused when it is anything else", () => {
    const zero = `00-${"0".repeat(32)}-b7ad6b7169203331-01`;
    for (const text of [zero, VALID.toUpperCase(), `${VALID}-x`, VALID.slice(1), null, undefined]) {
      expect(parseTraceparent(text)).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined));
  });

  it("costs nothing and changes nothing where nothing is traced", async () => {
    expect(currentTraceparent()).toBeUndefined();
    expect(await childSpan("x", async (span) => span)).toBeUndefined();
    expect(await withRemoteParent(undefined, "x", async () => 5)).toBe(5);
    await expect(withRemoteParent(VALID, "x", async () => Promise.reject(new Error("e")))).rejects.toThrow("e");
  });
});
