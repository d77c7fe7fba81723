import { describe, expect, test } from "vitest";
import { readApi } from "./document.ts";
import { flawsOf } from "./judge.ts";

const CODES = { description: "insufficient_credits", content: { "application/problem+json": {} } };
const api = readApi({
  paths: {
    "/api/x": {
      get: {
        operationId: "x",
        responses: { 200: { description: "" }, 402: CODES, 404: { $ref: "#/components/responses/N" } },
      },
    },
  },
  components: { schemas: {}, responses: { N: { ...CODES, description: "x_not_found" } } },
});
const operation = api.operations[0] ?? expect.unreachable();

function problem(status: number, code: string, more: object = {}) {
  const body = { type: "urn", title: "t", status, code, detail: "d", action: "a", requestId: "r", ...more };
  return { status, contentType: "application/problem+json; charset=utf-8", text: JSON.stringify(body) };
}

describe("an answer", () => {
  test.each([
    ["a good one", { status: 200, contentType: "application/json", text: "{}" }],
    ["a refusal the document knows", problem(402, "insufficient_credits")],
    ["one it knows by reference", problem(404, "x_not_found")],
    ["the door's own", problem(404, "not_found")],
  ])("%s has no flaw", (_, seen) => {
    expect(flawsOf(operation, seen)).toEqual([]);
  });

  test.each([
    ["a crash", problem(500, "internal_error"), /bring down/],
    ["a stack", problem(402, "insufficient_credits", { detail: "x at serve (file:///app/a.ts:1:2)" }), /inside/],
    ["a driver's error", problem(402, "insufficient_credits", { detail: "ER_DUP_ENTRY" }), /inside/],
    ["a stack in a good answer", { status: 200, contentType: "application/json", text: "at a.b (x.ts:3:4)" }, /inside/],
    ["a status nobody knows", { status: 207, contentType: "application/json", text: "{}" }, /knows no 207/],
    ["a code nobody knows", problem(402, "account_frozen"), /knows no 402 account_frozen/],
    ["a page", { status: 404, contentType: "text/html", text: "<h1>" }, /of type text\/html/],
    ["a problem without its words", problem(402, "insufficient_credits", { action: 7 }), /lacks a member/],
    ["a problem of another status", problem(402, "insufficient_credits", { status: 400 }), /another status/],
  ])("%s has one", (_, seen, flaw) => {
    expect(flawsOf(operation, seen).join()).toMatch(flaw);
  });
});
