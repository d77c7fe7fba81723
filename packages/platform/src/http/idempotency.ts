import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.ts";

/**
 * The Idempotency-Key of a request: exactly one header of 1 to 255 printable ASCII characters.
 *
 * @throws Problem idempotency_key_required, idempotency_key_invalid.
 */
export function idempotencyKeyOf(req: IncomingMessage, mode: "required" | "optional" | undefined): string | undefined {
  if (mode === undefined) return undefined;
  const values = req.headersDistinct["idempotency-key"] ?? [];
  const [key] = values;
  if (key === undefined) {
    if (mode === "required") throw new Problem("idempotency_key_required");
    return undefined;
  }
  if (values.length > 1) {
    throw new Problem("idempotency_key_invalid", { message: "the Idempotency-Key header stands more than once" });
  }
  if (!/^[\x20-\x7e]{1,255}$/.test(key) || key.trim() === "") {
    throw new Problem("idempotency_key_invalid", {
      message: "an Idempotency-Key has 1 to 255 printable ASCII characters",
    });
  }
  return key;
}
