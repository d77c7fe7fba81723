// Generated from proto/openapi.json by npm run client:generate. Never edited.

import type { components } from "./api.ts";

export interface DetailsByCode {
  capture_exceeds_hold: components["schemas"]["CaptureExceedsHoldDetails"];
  hold_ended: components["schemas"]["HoldEndedDetails"];
  insufficient_credits: components["schemas"]["InsufficientCreditsDetails"];
  refund_exceeds_original: components["schemas"]["RefundExceedsOriginalDetails"];
  tier_not_found: components["schemas"]["TierNotFoundDetails"];
  transition_not_allowed: components["schemas"]["TransitionNotAllowedDetails"];
  unknown_tier: components["schemas"]["UnknownTierDetails"];
  validation_failed: components["schemas"]["ValidationFailedDetails"];
  version_conflict: components["schemas"]["VersionConflictDetails"];
}
