import type { Tx } from "@stipend/platform/mysql/tx";
import { v7 as uuidv7 } from "uuid";
import type { AlertTransaction } from "../usecases/ports.ts";
import { toRaiseItem, toRecoverItem } from "./alert-rows.ts";

/** Raising and ending alerts; every store that finds something wrong uses it. */
export function alertTransaction(tx: Tx): AlertTransaction {
  return {
    async raise(findings, now) {
      const items = findings.map((finding) => toRaiseItem(finding, uuidv7()));
      await tx.call("RaiseAlerts", items, now);
    },
    async recover(recoveries, now) {
      await tx.call("RecoverAlerts", recoveries.map(toRecoverItem), now);
    },
  };
}
