import { createHash } from "node:crypto";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * SHA-256 over what a request asks for, 64 hex digits. Two requests are the same when their operation and their
 * fields are equal, in whatever order the fields were sent; an absent field equals one that is undefined.
 */
export function requestHash(operation: string, request: Json): string {
  return createHash("sha256").update(operation).update("\n").update(canonical(request)).digest("hex");
}

/** JSON with the keys of every object in code unit order, without blanks. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value as { readonly [key: string]: Json | undefined })
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}
