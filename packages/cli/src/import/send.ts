import { openAccounts } from "@stipend/proto/http/credits/openings";
import { batchUsers } from "@stipend/proto/http/membership";
import { z } from "zod";
import { answerOf, type Gateway, unknownSystem } from "../gateway.ts";
import type { Problem } from "./csv.ts";
import type { ImportRow } from "./rows.ts";

/** What became of the rows. In a dry run: what would become of them. */
export interface Outcome {
  /** Rows done now, whole or in part. */
  done: number;
  /** Rows that an earlier run had done. */
  before: number;
  /** Credits booked now. */
  credits: number;
  /** Memberships that began or changed now. */
  memberships: number;
  readonly problems: Problem[];
}

export interface Sending {
  readonly gateway: Gateway;
  readonly reason: string;
  readonly dryRun: boolean;
  /** Rows in one call, 1 to 500. */
  readonly batch: number;
  readonly onProgress: (rows: number) => void;
}

/** The most that the services take at once. */
export const MAX_BATCH = 500;
/** Batches under way at once: enough to keep both services busy. */
const AT_ONCE = 3;

const Results = z.object({
  results: z.array(
    z.looseObject({
      status: z.int(),
      code: z.string().optional(),
      detail: z.string().optional(),
      replayed: z.boolean().optional(),
      changed: z.boolean().optional(),
    }),
  ),
});
type Result = z.output<typeof Results>["results"][number];

/**
 * Sends the rows, batch by batch: first the credits, then the membership, because a membership whose month has not been claimed
 * gives an allowance of its own. A row whose credits are refused gets no membership. Whatever is sent again is answered as
 * the first time.
 */
export async function send(rows: readonly ImportRow[], sending: Sending): Promise<Outcome> {
  const outcome: Outcome = { done: 0, before: 0, credits: 0, memberships: 0, problems: [] };
  const { batch: size } = sending;
  const batches = Array.from({ length: Math.ceil(rows.length / size) }, (_, n) => rows.slice(n * size, (n + 1) * size));
  const left = batches.values();
  const worker = async () => {
    for (const batch of left) {
      await sendBatch(batch, sending, outcome);
      sending.onProgress(batch.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return outcome;
}

async function sendBatch(batch: readonly ImportRow[], sending: Sending, outcome: Outcome): Promise<void> {
  const { gateway, reason, dryRun } = sending;
  const bringing = batch.flatMap((row) => (row.opening === undefined ? [] : [{ row, item: row.opening }]));
  const opened = await post(openAccounts.path, bringing, (items) =>
    gateway.api.post(openAccounts.path, { body: { reason, dryRun, items } }),
  );
  const refused = noteRefusals(rowsOf(bringing), opened, outcome);
  const named = batch.filter((row) => !refused.has(row)).map((row) => ({ row, item: row.person }));
  const set = await post(batchUsers.path, named, (items) =>
    gateway.api.post(batchUsers.path, { body: { reason, dryRun, items } }),
  );
  const unset = noteRefusals(rowsOf(named), set, outcome);
  for (const row of rowsOf(named)) {
    const credits = opened.get(row);
    const membership = set.get(row);
    const isNew = (result: Result | undefined) => result?.status === 200 && result.replayed !== true;
    if (isNew(credits)) outcome.credits += row.opening?.balance ?? 0;
    if (isNew(membership) && membership?.changed === true) outcome.memberships += 1;
    if (unset.has(row)) continue;
    if (isNew(credits) || isNew(membership)) outcome.done += 1;
    else outcome.before += 1;
  }
}

/** What is sent of a line to one of the services. */
interface Sent<Item> {
  readonly row: ImportRow;
  readonly item: Item;
}

function rowsOf(sent: readonly Sent<unknown>[]): ImportRow[] {
  return sent.map(({ row }) => row);
}

async function post<Item>(
  path: string,
  sent: readonly Sent<Item>[],
  call: (items: Item[]) => Promise<{ readonly data: unknown }>,
): Promise<Map<ImportRow, Result>> {
  if (sent.length === 0) return new Map();
  const what = `POST ${path}`;
  const { data } = await answerOf(what, call(sent.map(({ item }) => item)));
  const parsed = Results.safeParse(data);
  if (!parsed.success || parsed.data.results.length !== sent.length) throw unknownSystem(what);
  const { results } = parsed.data;
  return new Map(
    sent.flatMap(({ row }, index) => (results[index] === undefined ? [] : [[row, results[index]] as const])),
  );
}

function noteRefusals(
  rows: readonly ImportRow[],
  results: ReadonlyMap<ImportRow, Result>,
  outcome: Outcome,
): ReadonlySet<ImportRow> {
  const refused = new Set<ImportRow>();
  for (const row of rows) {
    const result = results.get(row);
    if (result?.status === 200) continue;
    refused.add(row);
    const { line, userId } = row;
    outcome.problems.push({ line, userId, code: result?.code ?? "unanswered", message: wordsFor(result) });
  }
  return refused;
}

/** In the words of an import, where the problem's own speak of a single request. */
function wordsFor(result: Result | undefined): string {
  if (result?.code === "idempotency_key_reused") {
    return "was imported before with other values, and stays as it is: put the change into the system itself";
  }
  if (result?.code === "internal_error")
    return "failed in the service; its log says why, and the same command tries it again";
  return result?.detail ?? "was not answered";
}
