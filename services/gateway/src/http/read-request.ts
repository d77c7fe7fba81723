import type { IncomingMessage } from "node:http";
import { readJson } from "@stipend/platform/http/body";
import { DEFAULT_BODY_LIMIT } from "@stipend/platform/http/contract";
import { validationProblem } from "@stipend/platform/http/problem";
import type { ZodType, z } from "zod";

/**
 * The body of a call that the gateway answers itself.
 *
 * @throws Problem malformed_json, unsupported_media_type, body_too_large, malformed_request, validation_failed.
 */
export async function readJsonBody<S extends ZodType>(req: IncomingMessage, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse((await readJson(req, DEFAULT_BODY_LIMIT)) ?? {});
  if (!parsed.success) throw validationProblem("body", parsed.error);
  return parsed.data;
}

/** @throws Problem validation_failed: unknown fields, too, and a field that is given twice. */
export function readQuery<S extends ZodType>(search: string, schema: S): z.output<S> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  const parsed = schema.safeParse(query);
  if (!parsed.success) throw validationProblem("query", parsed.error);
  return parsed.data;
}
