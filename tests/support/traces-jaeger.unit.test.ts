import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { drawTree, pathTo, serviceOf, traceLink } from "./traces.ts";
import { fromJaeger } from "./traces-jaeger.ts";

const traceID = "0af7651916cd43dd8448eb211c80319c";
const other = "ffffffffffffffffffffffffffffffff";

/**
 * What Jaeger 1.76 (cmd/jaeger, the 2.x line) answered to GET /api/traces/{id} for a membership set by an admin; left out are the spans
 * that lead to no span of credits.
 */
const RECORDED: unknown = JSON.parse(readFileSync(new URL("jaeger-answer.json", import.meta.url), "utf8"));

/** Of two spans, one with a link to another trace; written by hand. */
const ANSWER = {
  data: [
    {
      traceID,
      spans: [
        {
          traceID,
          spanID: "b7ad6b7169203331",
          operationName: "PUT /api/admin/users/{userId}/membership",
          references: [],
          startTime: 1_764_000_000_000_000,
          duration: 21_500,
          tags: [{ key: "http.response.status_code", type: "int64", value: 200 }],
          logs: [],
          processID: "p1",
          warnings: null,
        },
        {
          traceID,
          spanID: "00f067aa0ba902b7",
          operationName: "SELECT",
          references: [
            { refType: "FOLLOWS_FROM", traceID: other, spanID: "1111111111111111" },
            { refType: "CHILD_OF", traceID, spanID: "b7ad6b7169203331" },
          ],
          startTime: 1_764_000_000_010_000,
          duration: 900,
          tags: [{ key: "db.system.name", type: "string", value: "mysql" }],
          logs: [],
          processID: "p2",
          warnings: null,
        },
      ],
      processes: { p1: { serviceName: "gateway", tags: [] }, p2: { serviceName: "credits", tags: [] } },
      warnings: null,
    },
  ],
  total: 0,
  limit: 0,
  offset: 0,
  errors: null,
};

test("Jaeger's spans know their service, parent, times and tags", () => {
  const spans = fromJaeger(ANSWER);
  const last = spans[1];
  expect(last).toMatchObject({ duration: 900, tags: { "db.system.name": "mysql" }, parentId: "b7ad6b7169203331" });
  expect(spans[0]).not.toHaveProperty("parentId");
  expect(last && pathTo(spans, last).map(serviceOf)).toEqual(["gateway", "credits"]);
});

test("a recorded answer leads from the gateway through membership and Kafka to the transaction in credits", () => {
  const spans = fromJaeger(RECORDED);
  const commit = spans.find((span) => serviceOf(span) === "credits" && span.name === "COMMIT");
  expect(commit?.tags).toMatchObject({ "db.system.name": "mysql", "db.namespace": "stipend_credits" });
  const way = commit === undefined ? [] : pathTo(spans, commit);
  expect([...new Set(way.map(serviceOf))]).toEqual(["gateway", "membership", "credits"]);
  expect(way.map(({ name }) => name)).toContain("process stipend.membership.v1");
  const roots = drawTree(spans).filter((line) => !line.startsWith(" "));
  expect(roots).toHaveLength(1);
  expect(roots[0]).toMatch(/^gateway: PUT \/api\/admin\/users\/:userId\/membership \([\d.]+ ms\)$/);
});

test("an answer without data has no spans", () => {
  expect(fromJaeger({ data: null, errors: [{ code: 404, msg: "trace not found" }] })).toEqual([]);
});

test("each engine has its own page of a trace", () => {
  expect(traceLink({ engine: "jaeger", url: "http://host:1" }, traceID)).toBe(`http://host:1/trace/${traceID}`);
  expect(traceLink({ engine: "zipkin", url: "http://host:1" }, traceID)).toBe(`http://host:1/zipkin/traces/${traceID}`);
});
