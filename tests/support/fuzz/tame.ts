import type { Api, JsonSchema, Operation } from "./document.ts";

/**
 * The same API without what would spoil the system for the tests beside this one: the clock is only ever set to the real
 * time, tiers and packages that are made are not on offer, and nobody's token is taken back who is still needed. Broken requests to these stay as broken as all others.
 */
export function tame(api: Api): Api {
  return { ...api, operations: api.operations.map(tameOne) };
}

function tameOne(operation: Operation): Operation {
  switch (operation.id) {
    case "gateway.putDevClock":
      return { ...operation, body: { type: "object", properties: { real: { const: true } }, required: ["real"] } };
    case "tiers.set":
      return { ...operation, body: withFixed(operation.body, "offered", false) };
    case "credits.adminPutPackage":
      return { ...operation, body: withFixed(operation.body, "active", false) };
    case "tokens.revoke":
      // Revoking those who ask would turn every later request into a 401, which proves nothing.
      return { ...operation, body: withFixed(without(operation.body, "userId"), "jti", "random-revoked") };
    default:
      return operation;
  }
}

function withFixed(schema: JsonSchema | undefined, name: string, value: unknown): JsonSchema {
  const { properties = {}, required = [] } = schema ?? {};
  return { ...schema, properties: { ...properties, [name]: { const: value } }, required: [...required, name] };
}

function without(schema: JsonSchema | undefined, name: string): JsonSchema {
  const { [name]: _left, ...properties } = schema?.properties ?? {};
  return { ...schema, properties };
}
