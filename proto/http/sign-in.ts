import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Timestamp, UserId } from "./common.ts";

/**
 * The development sign-in: an issuer of tokens for a few demo users. It exists only where STIPEND_DEV_SIGN_IN is on,
 * which production refuses; elsewhere every route here answers 404, and that is how a web app tells.
 *
 * A web app of the same origin sends people to `/api/dev/sign-in?returnTo=/admin`. Whoever is chosen there is handed
 * over in `sessionStorage` under SIGN_IN_HANDOVER as the JSON of DevSession; then the page goes to `returnTo`. So the
 * token never stands in a URL, a cookie or a history. The app takes it out of there, and sends people back when a
 * call answers 401. Without `returnTo` the page shows the token, for use elsewhere.
 */
export const SIGN_IN_HANDOVER = "stipend.signIn";

const DemoRole = z.enum(["user", "support", "admin", "auditor"]);

/** A text in both languages of the web apps. */
const InBoth = z.object({ en: z.string(), "zh-CN": z.string() });

export const DemoUser = z
  .object({
    userId: UserId,
    name: z.string().meta({ description: "For people.", examples: ["Alice Martin"] }),
    email: z.string(),
    roles: z.array(DemoRole),
    about: InBoth.meta({ description: "What this user is good for, in one line." }),
  })
  .meta({ id: "DemoUser" });

export const DevSession = z
  .object({
    token: z.string().meta({ description: "A JWT, to be sent as Authorization: Bearer." }),
    tokenType: z.literal("Bearer"),
    expiresAt: Timestamp.meta({ description: "By the real clock, whatever the development clock says." }),
    user: DemoUser,
  })
  .meta({ id: "DevSession" });

/** A path of this origin: nobody can be sent elsewhere with a token in hand. */
const ReturnTo = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[^\s\\]*$/, "must be a path of this server, such as /admin");

export const devUsers = defineRoute({
  id: "gateway.devUsers",
  method: "GET",
  path: "/api/dev/users",
  roles: "anyone",
  summary: "Who can sign in here (development only)",
  tags: ["development"],
  responses: { 200: { description: "The demo users", schema: z.object({ data: z.array(DemoUser) }) } },
  errors: [],
});

export const devSignIn = defineRoute({
  id: "gateway.devSignIn",
  method: "POST",
  path: "/api/dev/sign-in",
  roles: "anyone",
  summary: "A token for a demo user (development only)",
  tags: ["development"],
  body: z.strictObject({ userId: UserId }),
  responses: { 200: { description: "Signed in for eight hours", schema: DevSession } },
  errors: ["validation_failed", "sign_in_from_elsewhere", "demo_user_unknown", "unsupported_media_type"],
});

export const devSignInPage = defineRoute({
  id: "gateway.devSignInPage",
  method: "GET",
  path: "/api/dev/sign-in",
  roles: "anyone",
  summary: "The page where one chooses a demo user (development only)",
  tags: ["development"],
  query: z.strictObject({ returnTo: ReturnTo.optional(), lang: z.enum(["en", "zh-CN"]).optional() }),
  responses: { 200: { description: "The page", contentType: "text/html" } },
  errors: ["validation_failed"],
});

export const devSignInAsset = defineRoute({
  id: "gateway.devSignInAsset",
  method: "GET",
  path: "/api/dev/sign-in/:file",
  roles: "anyone",
  summary: "Script and style of the sign-in page (development only)",
  tags: ["development"],
  params: z.strictObject({ file: z.enum(["sign-in.js", "sign-in.css"]) }),
  responses: { 200: { description: "The file", contentType: "text/plain" } },
  errors: [],
});

export const devJwks = defineRoute({
  id: "gateway.devJwks",
  method: "GET",
  path: "/api/dev/jwks.json",
  roles: "anyone",
  summary: "The public keys of the development issuer, for others that accept its tokens (development only)",
  tags: ["development"],
  responses: {
    200: { description: "A JSON Web Key Set", schema: z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }) },
  },
  errors: [],
});
