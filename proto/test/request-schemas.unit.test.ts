import { internalRoutes, publicRoutes } from "@stipend/proto/http/catalogue";
import { expect, test } from "vitest";
import { z } from "zod";

type Node = Readonly<Record<string, unknown>>;

const ANNOTATIONS = new Set(["$schema", "description", "title", "examples", "id", "default"]);

/** Places of a schema that take what nobody named: open objects and values of any kind. Dictionaries are named as such. */
function openPlaces(schema: unknown, at = ""): string[] {
  if (Array.isArray(schema)) return schema.flatMap((inner) => openPlaces(inner, at));
  if (typeof schema !== "object" || schema === null) return [];
  const node = schema as Node;
  const found: string[] = [];
  if (Object.keys(node).every((name) => ANNOTATIONS.has(name))) found.push(`${at} takes anything`);
  const isDictionary = typeof node["additionalProperties"] === "object" && node["properties"] === undefined;
  if (node["type"] === "object" && node["additionalProperties"] !== false && !isDictionary) {
    found.push(`${at} takes unknown fields`);
  }
  for (const group of ["properties", "$defs"]) {
    for (const [name, inner] of Object.entries((node[group] as Node | undefined) ?? {})) {
      found.push(...openPlaces(inner, `${at}/${name}`));
    }
  }
  for (const inner of ["items", "anyOf", "oneOf", "allOf", "additionalProperties"]) {
    found.push(...openPlaces(node[inner], at));
  }
  return found;
}

const opened = (schema: z.ZodType) => openPlaces(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));

const contracts = [...publicRoutes(), ...internalRoutes()].map(({ contract }) => [contract.id, contract] as const);

test("open places are found at any depth", () => {
  const hidden = z.strictObject({ a: z.array(z.union([z.string(), z.strictObject({ b: z.object({}) })])).optional() });
  expect(opened(hidden)).toEqual(["/a/b takes unknown fields"]);
  expect(opened(z.strictObject({ items: z.array(z.unknown()) }))).toEqual(["/items takes anything"]);
  expect(opened(z.strictObject({ facts: z.record(z.string(), z.number()) }))).toEqual([]);
});

test.each(contracts)("%s: what it takes is named to the last field", (_, { params, query, body, documentedBody }) => {
  for (const schema of [params, query, documentedBody ?? body]) {
    if (schema !== undefined) expect(opened(schema)).toEqual([]);
  }
});

// Items of a batch are judged one by one, by the schema that the document shows: everything else is judged at once.
test.each(contracts.filter(([, { documentedBody }]) => documentedBody !== undefined))(
  "%s: only its items are left for later",
  (_, { body, documentedBody }) => {
    expect(opened(body as z.ZodObject)).toEqual([expect.stringMatching(/^\/(items|operations) takes anything$/)]);
    expect(Object.keys(body?.shape ?? {})).toEqual(Object.keys(documentedBody?.shape ?? {}));
  },
);
