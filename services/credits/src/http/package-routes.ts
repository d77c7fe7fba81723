import { CodedError } from "@stipend/platform/errors/coded";
import { serve } from "@stipend/platform/http/serve";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import * as contract from "@stipend/proto/http/credits/packages";
import type { IRouter } from "express";
import type { SetPackageOperation } from "../domain/ledger/packages.ts";
import { auditOf, mayRead } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { adminPackageBody, packageBody } from "./present.ts";
import { touched } from "./touch.ts";

export function packageRoutes(router: IRouter, deps: RouteDeps): void {
  serve(
    router,
    contract.listPackages,
    async ({ actor, query }) => {
      const account = await touched(deps, actor, query.userId);
      const packages = await deps.reads.packages(false);
      const member = account.allowance !== null;
      return {
        body: {
          data: packages.map((offer) => {
            const available = member || !offer.requiresMembership;
            return {
              ...packageBody(offer),
              available,
              unavailableBecause: available ? null : ("membership_required" as const),
            };
          }),
        },
        subjects: [account.userId],
      };
    },
    { authorize: mayRead },
  );

  serve(router, contract.adminListPackages, async () => ({
    body: { data: (await deps.reads.packages(true)).map(adminPackageBody) },
  }));

  serve(router, contract.adminGetPackage, async ({ params }) => {
    const found = await deps.reads.package(params.code);
    if (found === null) throw new CodedError("package_not_found", { details: { code: params.code } });
    return { body: adminPackageBody(found), headers: { ETag: `"${found.version}"` } };
  });

  serve(router, contract.adminPutPackage, async ({ actor, params, body, ifMatch }) => {
    const { reason, ...offer } = body;
    const operation: SetPackageOperation = {
      ...offer,
      code: params.code,
      actor: actor.sub,
      traceparent: currentTraceparent(),
      audit: auditOf(actor, "package.set", reason),
      expectedVersion: versionOf(ifMatch),
    };
    const [result] = await deps.ledger.write("package.set", (session) =>
      session.setPackages(deps.clock.now(), [operation]),
    );
    if (result === undefined || result.outcome === "invalid") throw new Error("a package was refused as malformed");
    if (result.outcome === "version_conflict") {
      throw new CodedError("precondition_failed", { details: { version: result.package?.version ?? null } });
    }
    return { body: adminPackageBody(result.package), headers: { ETag: `"${result.package.version}"` } };
  });
}

/** `If-Match: "3"`; a header that can't be one of our ETags matches nothing. */
function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === "*") return undefined;
  const match = /^"(\d{1,9})"$/.exec(ifMatch.trim());
  if (match === null) throw new CodedError("precondition_failed");
  return Number(match[1]);
}
