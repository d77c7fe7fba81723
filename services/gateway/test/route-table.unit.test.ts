import { describe, expect, test } from "vitest";
import { RouteTable } from "../src/routing/route-table.ts";

function table(): RouteTable<string> {
  const routes = new RouteTable<string>();
  routes.add("GET", "/api/credits", "account");
  routes.add("GET", "/api/credits/transactions", "list");
  routes.add("GET", "/api/credits/transactions.csv", "csv");
  routes.add("GET", "/api/credits/transactions/:transactionId", "one");
  routes.add("GET", "/api/credits/transactions/latest", "latest");
  routes.add("PUT", "/api/admin/users/:userId/membership", "set");
  routes.add("DELETE", "/api/admin/users/:userId/membership", "end");
  routes.add("POST", "/api/credits/transactions/:transactionId", "post one");
  return routes;
}

describe("finds", () => {
  test.each([
    ["GET", "/api/credits", "account", {}],
    ["HEAD", "/api/credits", "account", {}],
    ["GET", "/api/credits/transactions.csv", "csv", {}],
    ["GET", "/api/credits/transactions/latest", "latest", {}],
    ["POST", "/api/credits/transactions/latest", "post one", { transactionId: "latest" }],
    ["GET", "/api/credits/transactions/17", "one", { transactionId: "17" }],
    ["PUT", "/api/admin/users/auth0%7Cbob@x:1/membership", "set", { userId: "auth0|bob@x:1" }],
    ["PUT", "/api/admin/users/auth0|bob/membership", "set", { userId: "auth0|bob" }],
  ])("%s %s", (method, path, route, params) => {
    expect(table().match(method, path)).toEqual({ kind: "found", route, params });
  });
});

describe("knows no", () => {
  test.each([
    "/api",
    "/API/credits",
    "/api/credits/",
    "/api//credits",
    "//api/credits",
    "/api/./credits",
    "/api/x/../credits",
    "/api/%2e%2e/credits",
    "/api/credits%2ftransactions",
    "/api/credits/transactions/%2e%2e",
    "/api/credits/transactions/a%5cb",
    "/api/credits/transactions/a%00b",
    "/api/credits/transactions/%ff",
    "/api/credits/transactions/%zz",
    "/api/credits/transactions/17/",
    "/internal/dev/clock",
    "http://evil.test/api/credits",
    "*",
    "",
    `/api/credits/transactions/${"a".repeat(3_000)}`,
  ])("%s", (path) => {
    expect(table().match("GET", path)).toEqual({ kind: "unknown_path" });
  });
});

test("another method says which ones there are", () => {
  expect(table().match("PATCH", "/api/credits/transactions/latest")).toEqual({
    kind: "wrong_method",
    allow: ["GET", "HEAD", "POST"],
  });
  expect(table().match("GET", "/api/admin/users/bob/membership")).toEqual({
    kind: "wrong_method",
    allow: ["DELETE", "PUT"],
  });
});

test("refuses what would be ambiguous", () => {
  expect(() => table().add("GET", "/api/credits", "again")).toThrow("two routes for GET /api/credits");
  expect(() => table().add("GET", "/api/credits/transactions/:id", "again")).toThrow("is called :transactionId");
  for (const pattern of ["api", "/api/*", "/api/a:b", "/api/{x}", "/api//x", "/api/:a-:b", "/"]) {
    expect(() => table().add("GET", pattern, "x"), pattern).toThrow("not a path pattern");
  }
});
