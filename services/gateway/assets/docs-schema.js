/** JSON Schema in words: tables of fields, and a value to begin with. */
import { element } from "./docs-dom.js";

const MAX_DEPTH = 5;

/** @returns functions that know the document's components. */
export const schemasOf = (spec) => {
  const resolve = (given) => {
    if (given?.$ref === undefined) return given ?? {};
    return spec.components.schemas[given.$ref.split("/").at(-1)] ?? {};
  };

  /** Kinds of a value besides null; and whether it may be null. */
  const variantsOf = (schema) => {
    const all = (schema.oneOf ?? schema.anyOf ?? []).map(resolve);
    return { variants: all.filter((one) => one.type !== "null"), nullable: all.some((one) => one.type === "null") };
  };

  const bounds = (schema, low, high, unit) => {
    const [min, max] = [schema[low], schema[high]];
    if (min === undefined && max === undefined) return "";
    if (min === undefined) return `at most ${grouped(max)}${unit}`;
    if (max === undefined) return min === 0 && unit !== "" ? "" : `at least ${grouped(min)}${unit}`;
    return min === max ? `exactly ${grouped(max)}${unit}` : `${grouped(min)} to ${grouped(max)}${unit}`;
  };

  /** "integer, 1 to 1,000,000", "text, at most 255 characters", "one of: monthly, yearly". */
  const kind = (given) => {
    const schema = resolve(given);
    const fixed = fixedOf(schema);
    if (fixed !== undefined) return JSON.stringify(fixed);
    if (schema.enum !== undefined) return `one of: ${schema.enum.join(", ")}`;
    const { variants, nullable } = variantsOf(schema);
    if (variants.length > 0) {
      const names = [...new Set(variants.map(kind))].join(" or ");
      return nullable ? `${names}, or null` : names;
    }
    const types = [schema.type ?? []].flat();
    const words = types.filter((type) => type !== "null").map((type) => oneKind(type, schema));
    return [...words, ...(types.includes("null") ? ["null"] : [])].join(", or ") || "anything";
  };

  const oneKind = (type, schema) => {
    const more = {
      string: [schema.format === "date-time" ? "" : bounds(schema, "minLength", "maxLength", " characters")],
      integer: [bounds(schema, "minimum", "maximum", "")],
      number: [bounds(schema, "minimum", "maximum", "")],
      array: [bounds(schema, "minItems", "maxItems", " entries")],
    };
    const names = { string: schema.format === "date-time" ? "time" : (schema.format ?? "text"), array: "list" };
    return [names[type] ?? type, ...(more[type] ?? [])].filter((part) => part !== "").join(", ");
  };

  /** What stands inside a value, one row a field. */
  const rowsOf = (given, prefix, depth, side) => {
    const schema = resolve(given);
    if (depth > MAX_DEPTH) return [];
    if (schema.items !== undefined) return rowsOf(schema.items, `${prefix}[]`, depth + 1, side);
    const { variants } = variantsOf(schema);
    const objects = variants.filter((one) => one.properties !== undefined);
    if (objects.length === 1) return rowsOf(objects[0], prefix, depth, side);
    if (objects.length > 1) return objects.flatMap((one) => [caseRow(one), ...rowsOf(one, prefix, depth + 1, side)]);
    return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      const row = fieldRow(path, inner, schema.required?.includes(name) === true, side);
      return [row, ...rowsOf(inner, path, depth + 1, side)];
    });
  };

  const caseRow = (schema) => {
    const fixed = Object.entries(schema.properties).find(([, inner]) => fixedOf(resolve(inner)) !== undefined);
    const label = fixed === undefined ? "or" : `when ${fixed[0]} is ${JSON.stringify(fixedOf(resolve(fixed[1])))}`;
    return element("tr", { class: "case" }, element("td", { colspan: "3" }, label));
  };

  /** Of a request one wants to know what must be there; of an answer, what may be missing. */
  const fieldRow = (path, inner, required, side) => {
    const remark = side === "request" ? (required ? "required" : "") : required ? "" : "not always there";
    return element(
      "tr",
      {},
      element("td", {}, element("code", {}, path), remark === "" ? "" : element("span", { class: "remark" }, remark)),
      element("td", { class: "kind" }, kind(inner)),
      element("td", {}, meaning(inner, side)),
    );
  };

  const meaning = (given, side) => {
    const schema = resolve(given);
    const parts = [given.description ?? schema.description ?? ""];
    if (side !== "request") return element("span", {}, ...parts);
    if (schema.default !== undefined) parts.push(`Default: ${JSON.stringify(schema.default)}.`);
    if (schema.pattern !== undefined && schema.pattern.length < 60) parts.push(element("code", {}, schema.pattern));
    return element("span", {}, ...parts.flatMap((part, at) => (at === 0 ? [part] : [" ", part])));
  };

  /** A table of a value's fields; undefined when it has none. @param side "request" or "answer". */
  const fieldsTable = (schema, side) => {
    const rows = rowsOf(schema, "", 0, side);
    return rows.length === 0 ? undefined : element("table", { class: "fields" }, ...rows);
  };

  /** A value that fits the schema, to begin with; of an input only what it needs. */
  const sample = (given, onlyRequired = false, depth = 0) => {
    const schema = resolve(given);
    if (depth > MAX_DEPTH) return null;
    if (schema.examples?.length) return schema.examples[0];
    if (schema.example !== undefined) return schema.example;
    if (schema.default !== undefined) return schema.default;
    if (schema.enum) return schema.enum[0];
    if (schema.const !== undefined) return schema.const;
    const { variants } = variantsOf(schema);
    if (variants.length > 0) return sample(variants[0], onlyRequired, depth + 1);
    const type = [schema.type ?? "null"].flat()[0];
    if (type === "object") {
      const wanted = Object.entries(schema.properties ?? {}).filter(
        ([name]) => !onlyRequired || schema.required?.includes(name) === true,
      );
      return Object.fromEntries(wanted.map(([name, inner]) => [name, sample(inner, onlyRequired, depth + 1)]));
    }
    if (type === "array") return [sample(schema.items, onlyRequired, depth + 1)];
    if (type === "integer" || type === "number") return schema.minimum ?? 0;
    if (type === "boolean") return false;
    if (type === "string") return schema.format === "date-time" ? "2026-02-01T00:00:00.000Z" : "";
    return null;
  };

  return { resolve, kind, meaning, fieldsTable, sample };
};

/** The only value there is, if there is only one. */
const fixedOf = (schema) => schema.const ?? (schema.enum?.length === 1 ? schema.enum[0] : undefined);

const grouped = (number) => (typeof number === "number" ? number.toLocaleString("en") : String(number));
