import { ApiProblem, type ProblemCode, UnexpectedAnswer } from "./errors.ts";
import type { Schemas } from "./types.ts";

/** Characters of a foreign answer that are worth showing. */
const MAX_SHOWN = 200;

/** @throws UnexpectedAnswer when it should be JSON and is not. */
export async function readData(response: Response, key: string | undefined): Promise<unknown> {
  const text = await response.text();
  if (!isJson(response)) return text === "" ? undefined : text;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UnexpectedAnswer("the answer is no JSON", { status: response.status, key, cause });
  }
}

/** The error that an answer other than 2xx means. */
export async function readError(response: Response, key: string | undefined): Promise<ApiProblem | UnexpectedAnswer> {
  const text = await response.text();
  const body = isJson(response) ? parse(text) : undefined;
  if (isProblem(body)) return new ApiProblem(body, { key, retryAfterSeconds: retryAfterOf(response) });
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return new UnexpectedAnswer(`${response.status} from ${response.url}: ${shown}`, { status: response.status, key });
}

/** Whole seconds; a date, which this API never sends, counts as nothing said. */
function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get("retry-after") ?? "";
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function isJson(response: Response): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get("content-type") ?? "");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Schemas["Problem"] & { code: ProblemCode } {
  if (typeof body !== "object" || body === null) return false;
  const { code, status, title, detail, action } = body as Record<string, unknown>;
  return typeof status === "number" && [code, title, detail, action].every((text) => typeof text === "string");
}
