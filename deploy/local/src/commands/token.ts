import { isRole, ROLES, USER_ID_PATTERN } from "@stipend/platform/auth/actor";
import { signToken, type TokenRequest } from "../keys/token.ts";
import { pathsOf } from "../paths.ts";
import { readSettings } from "../settings.ts";

/** `npm run -s token`: a JWT on standard output and nothing else. Odd users and roles are allowed: bad tokens are for tests. */
export async function token(request: TokenRequest): Promise<number> {
  const unknown = request.roles.filter((role) => !isRole(role));
  if (unknown.length > 0)
    process.stderr.write(`note: no such role: ${unknown.join(", ")} (there are ${ROLES.join(", ")})\n`);
  if (!USER_ID_PATTERN.test(request.user)) process.stderr.write("note: that user id will be refused by the gateway\n");
  const jwt = await signToken(pathsOf(readSettings(process.env).home).keys, request);
  process.stdout.write(`${jwt}\n`);
  return 0;
}
