import { inProcedure, type Mutation } from "./mutation.ts";

const read = inProcedure("LedgerRepairRead");
const plan = inProcedure("LedgerRepairPlan");
const repair = inProcedure("RepairAccounts");
const check = inProcedure("CheckCreditsSync");
const refund = inProcedure("RefundCredits");

/** Faults of the repair, and of what the check and a refund make of a repaired account. */
export const repairMutations: readonly Mutation[] = [
  {
    file: read,
    find: "MAX(CASE WHEN d.change_by > 0 AND t.type = 'reset' THEN t.version END)",
    replace: "NULL",
    what: "an allowance that was filled anew counts as lapsed with the month before",
    test: "repairs",
  },
  {
    file: plan,
    find: "amounts - misread + jumps",
    replace: "amounts - misread",
    what: "a row that was cut out is given back to the customer, or taken",
    test: "repairs",
  },
  {
    file: plan,
    find: "amounts - misread + jumps",
    replace: "amounts + jumps",
    what: "a forged amount counts",
    test: "repairs",
  },
  {
    file: plan,
    find: "accounted - LEAST(excess, GREATEST(accounted - target_held, 0))",
    replace: "accounted - excess",
    what: "what was given back twice is taken from what a hold keeps",
    test: "repairs",
  },
  {
    file: plan,
    find: "accounted = GREATEST(0, ",
    replace: "accounted = GREATEST(-1000000000, ",
    what: "a repair goes below zero",
    test: "repairs",
  },
  {
    file: plan,
    find: "WHEN r.witness = 1 THEN x.remaining ELSE",
    replace: "WHEN r.witness = 2 THEN x.remaining ELSE",
    what: "where rows are missing, grants are filled by the draws that are left",
    test: "repairs",
  },
  {
    file: plan,
    find: "SET x.kept = 0\n   WHERE q.lacks = 1",
    replace: "SET x.kept = 1\n   WHERE q.lacks = 1",
    what: "holds stay that nothing covers",
    test: "repairs",
  },
  {
    file: plan,
    find: "WHERE x.opened = 1 AND q.owned = 1 AND q.amount = x.hold_amount",
    replace: "WHERE x.opened = 1 AND q.amount = x.hold_amount",
    what: "holds keep what is in somebody else's grants",
    test: "repairs",
    equivalent: "nothing remains of a grant that is not the account's, so such a hold is not covered either",
  },
  {
    file: plan,
    find: "balance - target, held - target_held",
    replace: "balance, held",
    what: "a proposal does not outlive the customer's next consumption",
    test: "repairs",
  },
  {
    file: plan,
    find: "held - target_held, status",
    replace: "status",
    what: "a proposal stands for another difference as well",
    test: "repairs",
  },
  {
    file: plan,
    find: "target_status = CASE WHEN tail = 1 AND 'frozen' IN (status, last_status) THEN 'frozen' ELSE last_status END",
    replace: "target_status = status",
    what: "a frozen account is left thawed",
    test: "repairs",
  },
  {
    file: read,
    find: "version > base AND version <> previous_version + 1 THEN balance_before - previous_balance",
    replace: "version <> previous_version + 1 THEN balance_before - previous_balance",
    what: "a gap before a row that restates counts once more",
    test: "repairs",
  },
  {
    file: read,
    find: "WHERE x.given > -c.amount AND x.newest > b.base",
    replace: "WHERE x.given > -c.amount",
    what: "what was taken back once is taken back with every repair",
    test: "repairs",
  },
  {
    file: repair,
    find: "WHEN o.code <> r.proposal THEN 'proposal_outdated'",
    replace: "WHEN 1 = 0 THEN 'proposal_outdated'",
    what: "a repair does something else than was looked at",
    test: "repairs",
  },
  {
    file: repair,
    find: "OR o.code IS NULL ",
    replace: "",
    what: "a repair that names no proposal is done, however much it changes",
    test: "repairs",
  },
  {
    file: repair,
    find: "WHEN r.differs = 0 THEN 'nothing_to_repair'",
    replace: "WHEN 1 = 0 THEN 'nothing_to_repair'",
    what: "a sound account is repaired",
    test: "repairs",
  },
  {
    file: repair,
    find: "SET a.version = GREATEST(r.version, r.newest)",
    replace: "SET a.version = r.newest",
    what: "a version is used that was told before",
    test: "repairs",
  },
  {
    file: repair,
    find: "SET p.lapse_at = in_now",
    replace: "SET p.lapse_at = p.lapse_at",
    what: "a hold or grant that stands again never ends",
    test: "repairs",
  },
  {
    file: check,
    find: "SUM(CASE WHEN version <= base THEN 0 WHEN balance_before",
    replace: "SUM(CASE WHEN balance_before",
    what: "the check reports for ever what was dealt with",
    test: "repairs",
  },
  {
    file: check,
    find: "OR d.strange_newest > l.base THEN",
    replace: "THEN",
    what: "the check does not see grants that changed hands when what was drawn was given back",
    test: "repairs",
  },
  {
    file: refund,
    find: "g.id = s.grant_id AND g.user_id = n.user_id",
    replace: "g.id = s.grant_id",
    what: "a refund goes back into a grant that is somebody else's by now",
    test: "refunds",
  },
];
