import { Problem } from "@stipend/platform/http/problem";
import type { Refusal } from "../domain/refusal.ts";

/** What a use case refused, as the problem that the caller gets; its status stands in the table of problems. */
export function refuse(refusal: Refusal): Problem {
  return new Problem(refusal.code, { message: refusal.message, details: { ...refusal.details } });
}
