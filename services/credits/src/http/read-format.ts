import { hash } from "node:crypto";
import { listTransactions } from "@stipend/proto/http/credits/transactions";
import { usage } from "@stipend/proto/http/credits/usage";
import { z } from "zod";

/** Names the form of what is kept of reads: it changes with the contracts of the answers that are made of it. */
export function readFormat(): string {
  const schemas = [listTransactions, usage].map(({ responses }) =>
    z.toJSONSchema(responses[200].schema, { io: "output", unrepresentable: "any" }),
  );
  return hash("sha256", JSON.stringify(schemas), "base64url").slice(0, 12);
}
