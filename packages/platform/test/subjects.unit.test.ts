import type { Response } from "express";
import { expect, test } from "vitest";
import { nameSubjects, SUBJECTS_HEADER } from "../src/http/serve.ts";

function named(roles: readonly ("admin" | "user")[], subjects: readonly string[]): unknown {
  const headers: Record<string, unknown> = {};
  const res = { setHeader: (name: string, value: unknown) => (headers[name] = value) };
  nameSubjects(res as unknown as Response, { sub: "root", roles } as Parameters<typeof nameSubjects>[1], subjects);
  return headers[SUBJECTS_HEADER];
}

test("names each user once, to staff only", () => {
  expect(named(["admin"], ["alice", "bob", "alice"])).toBe("alice,bob");
  expect(named(["user"], ["alice"])).toBeUndefined();
  expect(named(["admin"], ["*"])).toBe("*");
});

test("what can be no user's id is left out, so that a search for it is no broken header", () => {
  expect(named(["admin"], ["ཀ", "a,b", "a\r\nb", "alice"])).toBe("alice");
  expect(named(["admin"], ["ཀ"])).toBeUndefined();
});
