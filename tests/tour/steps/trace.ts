import { eventually } from "@stipend/testing/eventually";
import { drawTree, pathTo, readTrace, type Span, serviceOf, traceLink } from "../../support/traces.ts";
import { expectThat, type Guide, say } from "../guide.ts";

const WAY = "gateway → membership → credits";

/** 6. One trace, from the admin's HTTP request through outbox and Kafka to the transaction in credits. */
export async function readTheTrace({ alice, auditor, urls }: Guide): Promise<void> {
  say("The audit log tells the trace of step 1. Waiting until it stands there …");
  const traceId = await eventually(async () => {
    const { data: page } = await auditor.get("/api/admin/audit", { query: { target: alice.name, limit: 100 } });
    const entry = page.data.findLast((one) => one.action.startsWith("membership."));
    if (entry === undefined) throw new Error("the membership change is not in the audit log");
    return entry.traceId;
  });
  say("Waiting for its last spans to reach the trace UI …");
  const spans = await eventually(
    async () => {
      const found = await readTrace(urls.traces, traceId);
      // Each service sends its spans when it likes: those of credits may be there before those of membership.
      if (wayOf(found) !== WAY) throw new Error(`the trace has ${found.length} spans and leads ${wayOf(found)}`);
      return found;
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
  for (const line of drawTree(spans)) say(`  ${line}`);
  expectThat(wayOf(spans) === WAY, `one trace leads ${WAY}`);
  say(`See it: ${traceLink(urls.traces, traceId)}`);
}

/** The services on the way to credits' transaction. */
function wayOf(spans: readonly Span[]): string {
  const last = creditsTransaction(spans);
  if (last === undefined) return "not to credits' MySQL";
  return [...new Set(pathTo(spans, last).map(serviceOf))].join(" → ");
}

/** A span of credits that talks to MySQL: the transaction that gave the allowance. */
function creditsTransaction(spans: readonly Span[]): Span | undefined {
  return (
    spans.find((span) => serviceOf(span) === "credits" && span.tags?.["db.system"] !== undefined) ??
    spans.find((span) => serviceOf(span) === "credits" && span.tags?.["db.system.name"] !== undefined)
  );
}
