import { idempotencyKeyOf } from "@stipend/platform/http/idempotency";
import { type FeatureAddress, featureRoute } from "@stipend/proto/http/features";
import { type RequestContext, type Route, requirePrincipal } from "../http/context.ts";
import { type Feature, heldAmount } from "./feature.ts";
import { MeteredCall, type MeteredCallParts } from "./metered-call.ts";

export function routeOfFeature(feature: Feature, parts: MeteredCallParts): Route {
  return {
    contract: featureRoute({ ...feature, costText: costText(feature) } satisfies FeatureAddress),
    // A HEAD would cost as much as a GET and show nothing.
    head: false,
    limit: feature.limit,
    run: (context) => runFeature(feature, parts, context),
  };
}

async function runFeature(feature: Feature, parts: MeteredCallParts, context: RequestContext): Promise<void> {
  const { req, res, params, search, caller } = context;
  const principal = requirePrincipal(context);
  const idempotencyKey = idempotencyKeyOf(req, "optional");
  await new MeteredCall(parts, { feature, params, search, principal, caller, idempotencyKey, req, res }).run();
}

function costText(feature: Feature): string {
  const amount = heldAmount(feature.cost);
  const credits = `${amount} credit${amount === 1 ? "" : "s"}`;
  return feature.cost.kind === "fixed" ? credits : `up to ${credits}`;
}
