import { BooksRepairResponse, booksRepair, ViewRepairResponse, viewRepair } from "@stipend/proto/http/checks";
import type { RepairAsker, Repairer } from "../usecases/repair.ts";
import type { InternalClient } from "./internal-client.ts";

/** The services' own routes for it: the audit event is written there, with the change. */
export function repairerOf({ credits: books, membership }: Record<"credits" | "membership", InternalClient>): Repairer {
  return {
    async mendBooks({ credits }, proposal, reason, asker) {
      const body = { userId: credits.userId, proposal, key: `${proposal}:${asker.requestId}`, reason };
      const { method, path } = booksRepair;
      return await books.call({ method, path, body, schema: BooksRepairResponse, headers: headersOf(asker) });
    },
    async refresh({ credits, view }, reason, asker) {
      const { userId, version, balance, held, status } = credits;
      const seen = { version: view?.balanceVersion ?? 0, balance: view?.balance ?? 0, held: view?.held ?? 0 };
      const body = { userId, credits: { version, balance, held, status }, seen, reason };
      const { method, path } = viewRepair;
      return (await membership.call({ method, path, body, schema: ViewRepairResponse, headers: headersOf(asker) }))
        .outcome;
    },
  };
}

/** The admin, as the gateway told of them. */
function headersOf({ sub, roles, ip, userAgent, requestId, traceparent }: RepairAsker): Record<string, string> {
  return {
    "stipend-actor": sub,
    "stipend-actor-roles": roles.join(","),
    ...(ip === "" ? {} : { "stipend-client-ip": ip }),
    ...(userAgent === "" ? {} : { "stipend-user-agent": encodeURIComponent(userAgent) }),
    "x-request-id": requestId,
    ...(traceparent === null ? {} : { traceparent }),
  };
}
