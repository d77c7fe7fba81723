import fc from "fast-check";
import type { Api, JsonSchema, Operation, Parameter } from "./document.ts";
import { type Known, nasty, Values } from "./values.ts";

export const CALLERS = ["user", "support", "admin", "auditor", "service", "everyone", "nobody", "forger"] as const;
export type CallerName = (typeof CALLERS)[number];

/** One request as it goes on the wire. */
export interface RandomRequest {
  readonly operation: Operation;
  readonly caller: CallerName;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Requests made from the document, fitting and broken ones mixed: about half fit in everything, the others are wrong in a
 * parameter, a header, the body or the caller.
 */
export function randomRequests(api: Api, known: Known): fc.Arbitrary<RandomRequest> {
  const values = new Values(api.schemas, known);
  return fc.oneof(...api.operations.map((operation) => requestOf(operation, values)));
}

function requestOf(operation: Operation, values: Values): fc.Arbitrary<RandomRequest> {
  return fc
    .record({
      caller: callerOf(operation),
      path: parametersOf(operation, "path", values),
      query: parametersOf(operation, "query", values),
      extraQuery: rarely(fc.tuple(fc.string({ maxLength: 10 }), nasty)),
      header: parametersOf(operation, "header", values),
      body: bodyOf(operation.body, values, operation),
      type: rarely(fc.constantFrom("text/plain", "application/json; charset=latin1", "application/xml", "x", "")),
    })
    .map(({ caller, path, query, extraQuery, header, body, type }) => ({
      operation,
      caller,
      target: targetOf(operation.path, path, query, extraQuery),
      headers: {
        ...(body === undefined ? {} : { "content-type": type ?? "application/json" }),
        ...Object.fromEntries(header.flatMap(([name, value]) => sendable(name, value))),
      },
      body: operation.method === "GET" ? undefined : body,
    }));
}

/** Mostly somebody who may; now and then anybody else. */
function callerOf({ open, roles }: Operation): fc.Arbitrary<CallerName> {
  const allowed = CALLERS.filter((name) => roles.includes(name));
  return fc.oneof(
    { weight: 16, arbitrary: fc.constantFrom<CallerName>(...(open ? (["nobody"] as const) : allowed)) },
    { weight: 3, arbitrary: fc.constantFrom<CallerName>("user", "support", "admin", "auditor", "service", "everyone") },
    { weight: 1, arbitrary: fc.constantFrom<CallerName>("nobody", "nobody", "nobody", "forger") },
  );
}

type Given = readonly (readonly [name: string, value: unknown])[];

function parametersOf(operation: Operation, place: Parameter["in"], values: Values): fc.Arbitrary<Given> {
  const wanted = operation.parameters.filter((parameter) => parameter.in === place);
  return fc
    .tuple(...wanted.map((parameter) => oneParameter(operation.id, parameter, values)))
    .map((all) => all.flat(1));
}

function oneParameter(operationId: string, { name, required, schema }: Parameter, values: Values): fc.Arbitrary<Given> {
  const given = fc.oneof(
    { weight: 9, arbitrary: values.parameter(operationId, name, schema) },
    { weight: 1, arbitrary: nasty },
  );
  const one = given.map((value): Given => [[name, value]]);
  if (required) return fc.oneof({ weight: 19, arbitrary: one }, { weight: 1, arbitrary: fc.constant<Given>([]) });
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant<Given>([]) },
    { weight: 3, arbitrary: one },
    {
      weight: 1,
      arbitrary: fc.tuple(given, given).map(
        ([a, b]): Given => [
          [name, a],
          [name, b],
        ],
      ),
    },
  );
}

type Body = RandomRequest["body"];

function bodyOf(schema: JsonSchema | undefined, values: Values, operation: Operation): fc.Arbitrary<Body> {
  if (schema === undefined && operation.metered)
    return fc.record({ text: fc.string() }).map((body) => JSON.stringify(body));
  if (schema === undefined) return rarely(nasty.map((value) => JSON.stringify(value)));
  const fitting = values.valid(schema).map((value): Body => JSON.stringify(value));
  const broken = values.broken(schema).map((value): Body => JSON.stringify(value));
  return fc.oneof(
    { weight: 12, arbitrary: fitting },
    { weight: 6, arbitrary: broken },
    { weight: 2, arbitrary: garbled(fitting) },
  );
}

/** Bytes that are no JSON, or are JSON only to the careless. */
function garbled(fitting: fc.Arbitrary<Body>): fc.Arbitrary<Body> {
  const text = fitting.map((body) => String(body));
  return fc.oneof(
    fc
      .tuple(text, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([whole, part]) => whole.slice(0, whole.length * part)),
    text.map((whole) => `\ufeff${whole}`),
    text.map((whole) => `${whole}${whole}`),
    text.map((whole) => whole.replace("{", '{"amount":1e999,')),
    text.map((whole) => whole.replace("{", '{"reason":"a","reason":"b",')),
    text.map((whole) => "[".repeat(5_000) + whole),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
    fc.constant(undefined),
  );
}

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

function targetOf(pattern: string, path: Given, query: Given, extra: readonly [string, unknown] | undefined): string {
  const values = new Map(path.map(([name, value]) => [name, encode(value)]));
  const target = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => values.get(name) ?? "");
  const pairs = [...query, ...(extra === undefined ? [] : [extra])];
  const search = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  return search === "" ? target : `${target}?${search}`;
}

/** A lone surrogate can't be percent-encoded; its replacement can. */
function encode(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return encodeURIComponent(text.toWellFormed());
}

/** What a client can put into a header at all: bytes without control characters. */
function sendable(name: string, value: unknown): [string, string][] {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = [...text].filter((char) => /^[\t\x20-\x7e\x80-\xff]$/.test(char)).join("");
  return [[name, line]];
}
