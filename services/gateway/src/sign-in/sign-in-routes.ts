import type { DevSession } from "@stipend/proto/http/sign-in";
import * as contract from "@stipend/proto/http/sign-in";
import type { z } from "zod";
import { asset, sendFile, sendPage } from "../http/asset.ts";
import type { RequestContext, Route } from "../http/context.ts";
import { withoutQuery } from "../http/no-query.ts";
import { readJsonBody, readQuery } from "../http/read-request.ts";
import { Refusal } from "../http/refusal.ts";
import { sendJson } from "../http/send-json.ts";
import { DEMO_USERS } from "./demo-users.ts";
import type { DevIssuer } from "./dev-issuer.ts";
import { requireOwnOrigin } from "./own-origin.ts";

/** Present only where the development sign-in is asked for. */
export function signInRoutes(issuer: Pick<DevIssuer, "jwks" | "token">): readonly Route[] {
  const html = asset("sign-in.html", "text/html; charset=utf-8");
  const files = {
    "sign-in.js": asset("sign-in.js", "text/javascript; charset=utf-8"),
    "sign-in.css": asset("sign-in.css", "text/css; charset=utf-8"),
  };
  return [
    {
      contract: contract.devUsers,
      head: true,
      run: async ({ res }) => sendJson(res, 200, { data: DEMO_USERS }),
    },
    withoutQuery({ contract: contract.devSignIn, head: false, run: (context) => signIn(issuer, context) }),
    {
      contract: contract.devSignInPage,
      head: true,
      run: async ({ req, res, search }) => {
        readQuery(search, contract.devSignInPage.query);
        sendPage(req, res, html);
      },
    },
    {
      contract: contract.devSignInAsset,
      head: true,
      run: async ({ req, res, params }) => sendFile(req, res, files, params["file"] ?? ""),
    },
    { contract: contract.devJwks, head: true, run: async ({ res }) => sendJson(res, 200, issuer.jwks()) },
  ];
}

async function signIn(issuer: Pick<DevIssuer, "token">, { req, res }: RequestContext): Promise<void> {
  requireOwnOrigin(req);
  const { userId } = await readJsonBody(req, contract.devSignIn.body);
  const user = DEMO_USERS.find((one) => one.userId === userId);
  if (user === undefined) throw new Refusal("demo_user_unknown", { details: { userId } });
  const { token, expiresAt } = await issuer.token(user);
  const session: z.output<typeof DevSession> = { token, tokenType: "Bearer", expiresAt: expiresAt.toISOString(), user };
  sendJson(res, 200, session);
}
