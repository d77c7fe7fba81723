/** A fault planted by hand into the ledger's SQL. The tests must notice it, or `equivalent` says why nobody can. */
export interface Mutation {
  /** Below services/credits/sql. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong with it, in words. */
  readonly what: string;
  /** The test file that is asked first: most mutants die there. */
  readonly test: TestFile;
  /** Why no test can tell it from the original: it is expected to survive. */
  readonly equivalent?: string;
}

export const TEST_FILES = [
  "spending",
  "refunds",
  "holds",
  "allowance",
  "packages",
  "ledger",
  "overdue",
  "bundles",
  "edges",
  "repairs",
  "histories",
  "claims",
  "concurrent-histories",
  "sweep-lapsed",
] as const;
export type TestFile = (typeof TEST_FILES)[number];

export function inProcedure(name: string): string {
  return `procedures/${name}.sql`;
}
