import { Refusal, type RefusalCode } from "../http/refusal.ts";

/** A 401 with the challenge that RFC 6750 asks for. */
export function refuseToken(
  code: RefusalCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Refusal {
  // RFC 6750 §3: no error attribute when no token was sent at all.
  const challenge =
    code === "token_missing"
      ? 'Bearer realm="stipend"'
      : `Bearer realm="stipend", error="invalid_token", error_description="${code}"`;
  return new Refusal(code, { message, details, headers: { "www-authenticate": challenge } });
}
