import { defineRoute } from "@stipend/platform/http/contract";
import { serve } from "@stipend/platform/http/serve";
import express, { type Express } from "express";
import { describe, expect, test } from "vitest";
import { routerDifferences } from "../src/served-routes.ts";

const route = (path: string) =>
  defineRoute({
    id: path,
    method: "GET",
    path,
    roles: "anyone",
    summary: "",
    responses: { 200: { description: "" } },
    errors: [],
  });

function appWith(...paths: readonly string[]): Express {
  const app = express();
  for (const path of paths) serve(app, route(path), async () => ({ body: {} }));
  return app;
}

describe("a router and its contracts", () => {
  test("that agree do not differ", () => {
    const app = appWith("/a/:id", "/b");
    app.all("/b", (_req, res) => void res.sendStatus(405));
    expect(routerDifferences(app, [route("/a/:id"), route("/b")])).toEqual([]);
  });

  test("differ by a route that stands in no contract, however it was mounted", () => {
    const app = appWith("/a");
    app.post("/a", (_req, res) => void res.end());
    app.get("/hidden", (_req, res) => void res.end());
    expect(routerDifferences(app, [route("/a")])).toEqual([
      "POST /a is served but not documented",
      "GET /hidden is served but not documented",
    ]);
  });

  test("differ by a contract that nobody serves", () => {
    expect(routerDifferences(appWith("/a"), [route("/a"), route("/b")])).toEqual([
      "GET /b is documented but not served",
    ]);
  });
});
