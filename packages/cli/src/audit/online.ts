import type { KnownHead } from "@stipend/proto/audit/verify";
import { AuditVerification } from "@stipend/proto/http/audit";
import { answerOf, type Gateway, unknownSystem } from "../gateway.ts";
import type { Findings } from "./findings.ts";

const VERIFY = "/api/admin/audit/verify";

/**
 * Lets the service check its log against its anchors, and holds the end it found against an anchor of the caller's.
 *
 * @throws CliFailure as answerOf; unreachable, too, when the service could not prove the log's end.
 */
export async function checkOnline({ api }: Gateway, anchor: KnownHead | null): Promise<Findings> {
  const what = `the log could not be checked: GET ${VERIFY}`;
  const { data } = await answerOf(what, api.get(VERIFY));
  const parsed = AuditVerification.safeParse(data);
  if (!parsed.success) throw unknownSystem(what);
  const found = parsed.data;
  if (!found.valid || anchor === null) return found;
  const { head } = found;
  if (head.seq < anchor.seq) {
    const detail = `the chain ends at row ${head.seq}, but ${anchor.source} recorded row ${anchor.seq}`;
    return { ...found, valid: false, firstBad: { seq: head.seq + 1, id: null, kind: "tail_missing", detail } };
  }
  if (head.seq === anchor.seq && head.hash !== anchor.hash) {
    const detail = `the row is not the one that ${anchor.source} recorded: the chain was computed afresh`;
    return { ...found, valid: false, firstBad: { seq: head.seq, id: null, kind: "rewritten", detail } };
  }
  return found;
}
