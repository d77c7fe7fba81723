import { request } from "undici";
import { SendFailed } from "../../usecases/notices.ts";

const TIMEOUT_MS = 10_000;
/** Of an answer, as much as is looked at. */
const MAX_ANSWER = 10_000;

/**
 * @returns the answer's text.
 * @throws SendFailed: no answer in time, or one that is not 2xx. 4xx but for 408 and 429 is permanent: the same message
 * will not be taken later either.
 */
export async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  let status: number;
  let text: string;
  try {
    const response = await request(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "stipend-monitor", ...headers },
      body,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.statusCode;
    text = (await response.body.text()).slice(0, MAX_ANSWER);
  } catch (cause) {
    // The URL is a secret: it must not stand in the log of deliveries.
    throw new SendFailed(`no answer: ${cause instanceof Error ? cause.name : "unknown"}`, { cause });
  }
  if (status >= 200 && status < 300) return text;
  const permanent = status >= 400 && status < 500 && status !== 408 && status !== 429;
  throw new SendFailed(`answered ${status}`, { permanent });
}
