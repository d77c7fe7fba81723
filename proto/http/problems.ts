import { defineProblems } from "@stipend/platform/http/contract";

/** Codes of the domain, of all services. Each stands here once, with its only status. */
export const domainProblems = defineProblems({
  // credits
  insufficient_credits: {
    status: 402,
    title: "There are not enough credits for this",
    action: "Choose one of the options, or ask for less: shortfall says how much is missing.",
  },
  account_frozen: {
    status: 403,
    title: "This account is frozen",
    action: "Contact support; credits can be spent again once the account is unfrozen.",
  },
  idempotency_key_reused: {
    status: 422,
    title: "This Idempotency-Key was used for another request",
    action: "Send the first request again unchanged, or use a new Idempotency-Key for a new operation.",
  },
  user_not_found: {
    status: 404,
    title: "There is no such user",
    action: "Check the user id; it is compared byte for byte.",
  },
  transaction_not_found: {
    status: 404,
    title: "There is no such transaction",
    action: "Use the id of a transaction of this account, as the API gave it.",
  },
  hold_not_found: {
    status: 404,
    title: "There is no such hold",
    action: "Use the holdId that the call that made the hold answered.",
  },
  package_not_found: {
    status: 404,
    title: "There is no such package",
    action: "Use a code of the catalogue: GET /api/credits/packages.",
  },
  not_refundable: {
    status: 409,
    title: "This transaction spent no credits",
    action: "Name a transaction of type consume.",
  },
  nothing_to_refund: {
    status: 409,
    title: "This consumption has been given back in full",
    action: "Nothing needs to be done.",
  },
  refund_exceeds_original: {
    status: 409,
    title: "This is more than is left of the consumption",
    action: "Ask for at most refundable, or leave amount out to give back all that is left.",
  },
  hold_ended: {
    status: 409,
    title: "This hold has ended",
    action: "holdStatus says how: captured, released or expired. Make a new hold.",
  },
  capture_exceeds_hold: {
    status: 409,
    title: "This is more than the hold reserved",
    action: "Capture at most held, and consume the rest separately.",
  },
  package_inactive: {
    status: 409,
    title: "This package is not on sale",
    action: "Choose another package of the catalogue: GET /api/credits/packages.",
  },
  membership_required: {
    status: 409,
    title: "This package needs an active membership",
    action: "Become a member first, or choose a package that needs none.",
  },
  payment_reference_used: {
    status: 409,
    title: "This payment was used for another purchase",
    action: "Each payment reference buys one package for one user; check the reference.",
  },
  allowance_served: {
    status: 409,
    title: "This account was given an allowance here before",
    action: "Bring the balance over without an allowance, or leave this user out.",
  },
  account_already_frozen: {
    status: 409,
    title: "This account is frozen already",
    action: "Nothing needs to be done.",
  },
  account_not_frozen: {
    status: 409,
    title: "This account is not frozen",
    action: "Nothing needs to be done.",
  },
  own_proposal: {
    status: 403,
    title: "Nobody approves their own proposal",
    action: "Ask another admin; to take the proposal back, reject it.",
  },
  second_admin_required: {
    status: 403,
    title: "This is more than one admin may give",
    action:
      "Open the account with less and propose a grant of the rest, or raise STIPEND_FOUR_EYES_THRESHOLD for the move.",
  },
  approval_not_found: {
    status: 404,
    title: "There is no such proposal",
    action: "Use the approvalId that the proposing call answered, or GET /api/admin/approvals.",
  },
  approval_decided: {
    status: 409,
    title: "This proposal has been decided",
    action: "approvalStatus says how; propose it again if it is still wanted.",
  },
  approval_expired: {
    status: 409,
    title: "This proposal waited for too long",
    action: "Propose it again with a new Idempotency-Key.",
  },
  approval_outdated: {
    status: 409,
    title: "This proposal no longer fits what it would do",
    action:
      "Reject it and propose it again: the package was changed, the grant would have expired, or something else differs in the books.",
  },

  // membership
  unknown_tier: {
    status: 400,
    title: "There is no such tier",
    action: "Use one of the tiers listed in tiers.",
  },
  end_date_in_past: {
    status: 400,
    title: "The end of the membership is not in the future",
    action: "Send a later expiresAt; to end the membership now, use DELETE.",
  },
  tier_not_found: {
    status: 404,
    title: "There is no such tier",
    action: "Use one of the tiers listed in tiers, or PUT it to create it.",
  },
  tier_retired: {
    status: 409,
    title: "This tier takes no new members",
    action: "Choose a tier of GET /api/membership/tiers, or offer this one again.",
  },
  version_conflict: {
    status: 409,
    title: "This was changed by somebody else since it was read",
    action: "Read it anew, decide again, and send currentVersion as If-Match.",
  },
  start_date_in_future: {
    status: 400,
    title: "The join day lies in the future",
    action: "Send a startedAt that has come, or leave it out: the membership then begins now.",
  },
  membership_exists: {
    status: 409,
    title: "This user has a membership already",
    action: "A join day can be set only for the first membership of a user: leave startedAt out to change this one.",
  },
  transition_not_allowed: {
    status: 409,
    title: "The membership is in a state that does not allow this",
    action: "Its state stands in state, what can be done in it in allowed.",
  },
  revocation_out_of_time: {
    status: 400,
    title: "standsUntil lies in the past or too far ahead",
    action:
      "Name a time within the next 400 days, by the real clock; the last token concerned must have expired by then.",
  },
  revocations_full: {
    status: 409,
    title: "No more revocations can be remembered",
    action: "Revoke all tokens of a user at once instead of many single ones, or replace the issuer's key.",
  },
  // admin-audit
  anchor_unavailable: {
    status: 503,
    title: "The anchor of the audit log cannot be read",
    action: "Try again when Kafka is back; without its anchor the log's end cannot be proved.",
  },
  // monitor
  alert_not_found: {
    status: 404,
    title: "There is no such alert",
    action: "Use the id of an alert as GET /api/admin/alerts gave it.",
  },
  alert_resolved: {
    status: 409,
    title: "This alert is over",
    action: "Nothing needs to be done; if its cause comes back, a new alert is opened.",
  },
  channel_not_found: {
    status: 404,
    title: "There is no such channel",
    action: "Use a name below notifications.channels of deploy/monitor.yaml.",
  },
  notification_failed: {
    status: 424,
    title: "The channel did not take the message",
    action: "The detail says what it answered; check its address and secret.",
  },
  nothing_to_repair: {
    status: 409,
    title: "Books and view agree, or the view is merely behind",
    action: "Nothing needs to be done.",
  },
  proposal_outdated: {
    status: 409,
    title: "Something else differs by now than the proposal says",
    action: "Look at the difference again: repair has what would be done now.",
  },
  repair_by_hand: {
    status: 409,
    title: "The repair would not make the account's books agree; nothing was done",
    action: "problems says what is wrong. Freeze the account and look at its ledger and its tables.",
  },
});
