import { accessRefused } from "./access-refused.ts";

/** A call that came to a service with an internal token that is none. */
export interface ForgedTokenAttempt {
  readonly id: string;
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
}

/** The code by which such an attempt is known in the audit log. */
export const FORGED_TOKEN = "internal_token_required";

export function forgedTokenEvent({ path, ...attempt }: ForgedTokenAttempt): ReturnType<typeof accessRefused> {
  return accessRefused({ ...attempt, subject: "", roles: [], code: FORGED_TOKEN, route: path });
}
