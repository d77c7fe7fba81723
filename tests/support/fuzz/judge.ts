import type { Operation } from "./document.ts";

export interface Seen {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** What the door answers before it knows which operation is asked for. */
const AT_THE_DOOR = new Set(["not_found", "method_not_allowed", "malformed_request", "headers_too_large"]);

/** Words of our inside: a stack, a file, a statement, a driver's error. */
const INSIDE =
  /\bat (?:async )?[\w.<>$]+ \(|\bat file:|node_modules|node:internal|\.[cm]?[jt]s:\d+|\bER_[A-Z_]+|SQLSTATE|\bCALL [A-Z]\w+\(|ECONNREFUSED/;

/** What is wrong with an answer, in words; empty: nothing. */
export function flawsOf(operation: Operation, seen: Seen): readonly string[] {
  const flaws: string[] = [];
  // The document and its page tell how the API is called; what they show is no leak.
  if (!operation.open && INSIDE.test(seen.text)) flaws.push("it shows our inside");
  if (seen.status >= 500 && !bounded(operation, seen)) flaws.push("a request must not bring down anything");
  if (seen.status < 400) {
    if (!operation.good.has(seen.status)) flaws.push(`the document knows no ${seen.status}`);
    return flaws;
  }
  // The upstream's own refusals are handed through as they are.
  if (operation.metered && !seen.contentType.startsWith("application/problem+json")) return flaws;
  return [...flaws, ...flawsOfProblem(operation, seen)];
}

function flawsOfProblem(operation: Operation, { status, contentType, text }: Seen): readonly string[] {
  if (!contentType.startsWith("application/problem+json")) return [`a refusal of type ${contentType}`];
  const problem = parse(text);
  if (problem === undefined) return ["the problem is no JSON object"];
  const { code, title, detail, action, requestId } = problem;
  if (typeof code !== "string" || ![title, detail, action, requestId].every((part) => typeof part === "string")) {
    return ["the problem lacks a member that each one has"];
  }
  const flaws: string[] = [];
  if (problem["status"] !== status) flaws.push("the problem names another status");
  if (AT_THE_DOOR.has(code)) return flaws;
  if (operation.codes.get(status)?.includes(code) !== true) flaws.push(`the document knows no ${status} ${code}`);
  return flaws;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Proving the whole audit log is bounded to a few at once: one too many is told to come again, which is no fault. */
function bounded({ id }: Operation, { status, text }: Seen): boolean {
  return id === "audit.verify" && status === 503 && text.includes('"code":"overloaded"');
}
