import fc from "fast-check";
import type { JsonSchema } from "./document.ts";

/**
 * Values of one field that hit something: users, tiers and ids that exist. By the field's name, wherever it stands, or for
 * the parameters of one operation alone: "tiers.set code".
 */
export type Known = Readonly<Record<string, readonly unknown[]>>;

const MAX_TEXT = 80;
const MAX_ITEMS = 4;
const MAX_DEPTH = 6;

/** What breaks careless code: wrong kinds, edges of numbers, odd Unicode, names that objects have of themselves. */
export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    " ",
    0,
    -1,
    1.5,
    -0,
    1e21,
    2 ** 53,
    -(2 ** 63),
    [],
    {},
    [[]],
    "\u0000",
    "\ud800",
    "\u202eabc",
    "é".normalize("NFD"),
    "💣".repeat(64),
    "0",
    "1e3",
    "NaN",
    "null",
    "undefined",
    "__proto__",
    "constructor",
    "' OR 1=1 -- ",
    "\\",
    "%00",
    "%ff",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "2026-02-30T00:00:00Z",
    "2026-13-01",
    "+275760-09-13T00:00:00.001Z",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    "x".repeat(5_000),
  ),
  deepArray(100),
  fc.jsonValue({ maxDepth: 3 }),
);

function deepArray(depth: number): fc.Arbitrary<unknown> {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return fc.constant(value);
}

/** Arbitraries made from JSON Schemas. */
export class Values {
  readonly #schemas: Readonly<Record<string, JsonSchema>>;
  readonly #known: Known;

  constructor(schemas: Readonly<Record<string, JsonSchema>>, known: Known) {
    this.#schemas = schemas;
    this.#known = known;
  }

  /** A parameter that fits. */
  parameter(operationId: string, name: string, schema: JsonSchema): fc.Arbitrary<unknown> {
    const own = `${operationId} ${name}`;
    return this.valid(schema, Object.hasOwn(this.#known, own) ? own : name);
  }

  /** Values that fit; where `name` is a known field, mostly ones that exist. */
  valid(schema: JsonSchema, name = "", depth = 0): fc.Arbitrary<unknown> {
    const known = this.#known[name];
    const made = this.#made(schema, depth);
    if (known === undefined || known.length === 0) return made;
    return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made });
  }

  /** Mostly values that fit in all but one place. */
  broken(schema: JsonSchema): fc.Arbitrary<unknown> {
    const fitting = this.valid(schema);
    const names = Object.keys(this.#resolve(schema).properties ?? {});
    return fc.oneof(
      { weight: 1, arbitrary: nasty },
      { weight: 6, arbitrary: fc.tuple(fitting, fc.constantFrom(...names, "extra"), nasty).map(replaced) },
      { weight: 2, arbitrary: fc.tuple(fitting, fc.constantFrom(...names, "extra")).map(removed) },
      {
        weight: 1,
        arbitrary: fc.tuple(fitting, fc.constantFrom("__proto__", "toString", "free"), nasty).map(replaced),
      },
    );
  }

  #made(given: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const schema = this.#resolve(given);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => this.valid(choice, "", depth + 1)));
    const types = schema.type === undefined ? [] : [schema.type].flat();
    if (types.length === 0 || depth > MAX_DEPTH) return fc.jsonValue({ maxDepth: 1 });
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, depth)));
  }

  #ofType(type: string, schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case "string":
        return textOf(schema);
      case "integer":
        return fc.integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 2 ** 31 - 1, 2 ** 31 - 1) });
      case "number":
        return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
      case "boolean":
        return fc.boolean();
      case "array": {
        const bounds = {
          minLength: schema.minItems ?? 0,
          maxLength: Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS),
        };
        return fc.array(this.valid(schema.items ?? {}, "", depth + 1), bounds);
      }
      case "object":
        return this.#object(schema, depth);
      default:
        return fc.constant(null);
    }
  }

  #object(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const { properties, required = [], additionalProperties } = schema;
    if (properties === undefined && typeof additionalProperties === "object") {
      return fc.dictionary(
        fc.string({ minLength: 1, maxLength: 20 }),
        this.valid(additionalProperties, "", depth + 1),
        {
          maxKeys: 5,
        },
      );
    }
    const fields = Object.entries(properties ?? {}).map(([name, inner]) => [name, this.valid(inner, name, depth + 1)]);
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: [...required],
    });
  }

  #resolve(schema: JsonSchema): JsonSchema {
    return schema.$ref === undefined ? schema : (this.#schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  }
}

const LOOKAHEAD = /\(\?[=!][^)]*\)/g;

function textOf({ format, pattern, minLength = 0, maxLength = MAX_TEXT }: JsonSchema): fc.Arbitrary<string> {
  if (format === "date-time") return moment();
  if (format === "uuid") return fc.uuid();
  const max = Math.min(maxLength, MAX_TEXT);
  if (pattern === undefined) return fc.string({ unit: "grapheme", minLength, maxLength: max });
  const expression = new RegExp(pattern, "u");
  // Escapes of Unicode properties can't be turned around: whatever text fits will do. Lookaheads neither: what comes
  // without them is judged with them.
  const text = pattern.includes("\\P")
    ? fc.string({ unit: "grapheme", minLength, maxLength: max })
    : fc.stringMatching(new RegExp(pattern.replaceAll(LOOKAHEAD, ""), "u"), { size: "-1" });
  return text.filter((value) => expression.test(value) && value.length >= minLength && value.length <= maxLength);
}

function moment(): fc.Arbitrary<string> {
  const date = fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true });
  return fc
    .tuple(date, fc.constantFrom("Z", "+02:00", "-11:30"))
    .map(([when, zone]) => when.toISOString().replace("Z", zone));
}

function replaced([value, name, other]: [unknown, string, unknown]): unknown {
  if (typeof value !== "object" || value === null) return other;
  return Object.defineProperty({ ...value }, name, {
    value: other,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function removed([value, name]: [unknown, string]): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
}
