import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** The audit log is not what it was. */
export const auditChain = defineRule({
  name: "audit_chain_broken",
  family: "admin",
  about:
    "The proof of the audit log, asked every `everyMinutes`, finds a row that was changed, removed, put in or cut off. Over when it is whole again.",
  settings: { everyMinutes: whole(60, 1, 10_080, "how often the whole log is proved") },
});
