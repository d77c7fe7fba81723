// Generated from proto/openapi.json by npm run client:generate. Never edited.

export const TAKES_KEY: ReadonlySet<string> = new Set([
  "POST /api/admin/users/{userId}/credits/adjustments",
  "POST /api/admin/users/{userId}/credits/freeze",
  "POST /api/admin/users/{userId}/credits/grants",
  "POST /api/admin/users/{userId}/credits/packages",
  "POST /api/admin/users/{userId}/credits/refunds",
  "POST /api/admin/users/{userId}/credits/reset",
  "POST /api/admin/users/{userId}/credits/unfreeze",
  "DELETE /api/admin/users/{userId}/membership",
  "PUT /api/admin/users/{userId}/membership",
  "POST /api/credits/consume",
  "POST /api/credits/holds",
  "POST /api/credits/holds/{holdId}/capture",
  "POST /api/credits/holds/{holdId}/release",
  "POST /api/credits/packages/{code}/purchase",
  "POST /api/credits/refund",
]);
