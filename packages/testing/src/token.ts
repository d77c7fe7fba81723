import { signToken } from "@stipend/local/keys/token";
import { pathsOf } from "@stipend/local/paths";

export interface TokenOptions {
  /** seconds; negative for a token that has expired; default one hour */
  ttlSeconds?: number;
  audience?: string;
  issuer?: string;
  email?: string;
}

export type TokenMaker = (user: string, roles?: readonly string[], options?: TokenOptions) => Promise<string>;

/** Signs tokens for the system in this home; works from any process that can read the home. Default role: user. */
export function tokenMaker(home: string): TokenMaker {
  return (user, roles = ["user"], options = {}) => signToken(pathsOf(home).keys, { user, roles, ...options });
}
