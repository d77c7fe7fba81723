import type { JsonSchema } from "./document.ts";

/** One place within a body where an object stands: the names and indexes that lead to it. */
export type Place = readonly (string | number)[];

/**
 * Every object within a value, the value itself left out, that its schema describes field by field. Dictionaries take
 * names of the caller's own and are passed over; of a list the first item stands for all.
 */
export function nestedObjects(
  value: unknown,
  schema: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  at: Place = [],
): Place[] {
  const resolved = schema.$ref === undefined ? schema : (schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  const choices = resolved.oneOf ?? resolved.anyOf;
  if (choices !== undefined) {
    const fitting = choices.find((choice) => describes(choice, value, schemas));
    return fitting === undefined ? [] : nestedObjects(value, fitting, schemas, at);
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? [] : nestedObjects(value[0], resolved.items ?? {}, schemas, [...at, 0]);
  }
  if (typeof value !== "object" || value === null || resolved.properties === undefined) return [];
  const { properties } = resolved;
  const inner = Object.entries(value).flatMap(([name, field]) => {
    const known = properties[name];
    return known === undefined ? [] : nestedObjects(field, known, schemas, [...at, name]);
  });
  return at.length === 0 ? inner : [at, ...inner];
}

/** Whether a choice is the one a value was made by: kinds agree, and so does what is fixed. */
function describes(choice: JsonSchema, value: unknown, schemas: Readonly<Record<string, JsonSchema>>): boolean {
  const resolved = choice.$ref === undefined ? choice : (schemas[choice.$ref.split("/").at(-1) ?? ""] ?? {});
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if ((resolved.type === "object") !== isObject) return false;
  if (!isObject) return true;
  return Object.entries(resolved.properties ?? {}).every(
    ([name, field]) => field.const === undefined || field.const === (value as Record<string, unknown>)[name],
  );
}

/** The same value with one more field in the object at a place. */
export function planted(value: unknown, place: Place, name: string): unknown {
  const [next, ...rest] = place;
  if (next === undefined) return { ...(value as object), [name]: "planted" };
  if (Array.isArray(value)) return value.map((item, index) => (index === next ? planted(item, rest, name) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [next]: planted(object[next], rest, name) };
}
