import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { CreditPackage, SetPackageOperation, SetPackageResult } from "../domain/ledger/packages.ts";
import { integer, type Row, text } from "./codec.ts";
import { inOrder } from "./results.ts";

/** The catalogue, by code; `active` ones only unless asked for all. */
export async function listPackages(
  reader: Pick<Database | Tx, "query">,
  { all = false }: { readonly all?: boolean } = {},
): Promise<CreditPackage[]> {
  const rows = await reader.query<Row>(
    "SELECT * FROM credit_package_list WHERE active = 1 OR ? ORDER BY credits, code",
    [all ? 1 : 0],
  );
  return rows.map((row) => decodePackage(row));
}

export async function getPackage(reader: Pick<Database | Tx, "query">, code: string): Promise<CreditPackage | null> {
  const [row] = await reader.query<Row>("SELECT * FROM credit_package_list WHERE code = ?", [code]);
  return row === undefined ? null : decodePackage(row);
}

/** Creates or changes packages of the catalogue; audited. Grants already bought keep what they were bought with. At most 100. */
export async function setPackages(
  tx: Tx,
  now: Date,
  operations: readonly SetPackageOperation[],
): Promise<SetPackageResult[]> {
  return inOrder(operations, await tx.call<Row>("SetPackages", now, operations), (row) => ({
    outcome: text(row, "outcome"),
    package: row["code"] === null ? null : decodePackage(row),
  }));
}

function decodePackage(row: Row): CreditPackage {
  return {
    code: text(row, "code"),
    name: text(row, "name"),
    credits: integer(row, "credits"),
    priceMinor: integer(row, "price_minor"),
    currency: text(row, "currency"),
    validDays: row["valid_days"] === null ? null : integer(row, "valid_days"),
    priority: integer(row, "priority"),
    requiresMembership: integer(row, "requires_membership") === 1,
    active: integer(row, "active") === 1,
    version: integer(row, "version"),
  };
}
