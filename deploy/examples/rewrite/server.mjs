/**
 * A sample of a service behind a metered feature: plain HTTP, no dependency, knows nothing of credits.
 *
 *   POST /rewrite          {"text": "…"} → {"text", "sentences", "wordsBefore", "wordsAfter"}
 *   POST /rewrite/stream   the same as lines of JSON, one a sentence; says what it costs in Stipend-Cost
 *   GET  /healthz
 *
 * So that failures can be tried, the header `Rewrite-Fail` or the member "fail" of the body makes it break:
 *   error   answers 500
 *   hang    never answers
 *   cut     breaks the connection in the middle of the answer
 *   crash   ends the whole process without a word (a supervisor starts it again)
 *   slow    answers after "slowMs" (default 2,000) milliseconds
 *
 * Environment: STIPEND_HTTP_HOST (127.0.0.1), STIPEND_HTTP_PORT or PORT (8085).
 */
import { createServer } from "node:http";
import { countWords, rewriteSentences } from "./rewrite.mjs";

const LIMIT = 256 * 1024;
const WORDS_PER_CREDIT = 200;

const server = createServer((req, res) => {
  answer(req, res).catch((error) => {
    if (!res.headersSent) sendJson(res, error.status ?? 500, { error: error.message });
    else res.destroy();
  });
});

async function answer(req, res) {
  const path = req.url.split("?")[0];
  if (path === "/healthz") return sendJson(res, 200, { status: "ok" });
  if (path !== "/rewrite" && path !== "/rewrite/stream") return sendJson(res, 404, { error: "no such address" });
  if (req.method !== "POST") return sendJson(res, 405, { error: "use POST" });

  const input = await readInput(req);
  const text = input.text;
  if (typeof text !== "string" || text.trim() === "") throw badRequest('send {"text": "what to rewrite"}');
  const fail = req.headers["rewrite-fail"] ?? input.fail;
  if (await broke(fail, input, res)) return;

  const sentences = rewriteSentences(text);
  if (path === "/rewrite/stream") return await stream(res, text, sentences);
  const rewritten = sentences.join(" ");
  sendJson(res, 200, {
    text: rewritten,
    sentences: sentences.length,
    wordsBefore: countWords(text),
    wordsAfter: countWords(rewritten),
  });
}

/** Plays the asked failure. True when there is nothing more to answer. */
async function broke(fail, input, res) {
  if (fail === undefined) return false;
  if (fail === "slow") {
    await new Promise((resolve) => setTimeout(resolve, Math.min(Number(input.slowMs ?? 2_000), 60_000)));
    return false;
  }
  if (fail === "hang") return true;
  if (fail === "crash") process.exit(1);
  if (fail === "cut") {
    res.writeHead(200, { "content-type": "application/json", "content-length": "1000", "stipend-cost": "1" });
    res.write('{"text": "this answer breaks off in the', () => setTimeout(() => res.destroy(), 20));
    return true;
  }
  if (fail === "error") {
    sendJson(res, 500, { error: "failed as asked" });
    return true;
  }
  throw badRequest("fail must be error, hang, cut, crash or slow");
}

async function stream(res, text, sentences) {
  const cost = Math.max(1, Math.ceil(countWords(text) / WORDS_PER_CREDIT));
  res.writeHead(200, { "content-type": "application/x-ndjson; charset=utf-8", "stipend-cost": String(cost) });
  for (const sentence of sentences) {
    if (res.destroyed) return;
    res.write(`${JSON.stringify({ sentence })}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  res.end();
}

async function readInput(req) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes > LIMIT) throw Object.assign(new Error(`the body may have ${LIMIT} bytes`), { status: 413 });
    chunks.push(chunk);
  }
  try {
    const input = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (typeof input === "object" && input !== null) return input;
  } catch {
    // Said below, with everything else that is no JSON object.
  }
  throw badRequest("the body must be a JSON object");
}

function badRequest(message) {
  return Object.assign(new Error(message), { status: 400 });
}

function sendJson(res, status, body) {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  res.end(text);
}

const port = Number(process.env.STIPEND_HTTP_PORT ?? process.env.PORT ?? 8085);
const host = process.env.STIPEND_HTTP_HOST ?? "127.0.0.1";
server.listen(port, host, () => {
  console.log(
    JSON.stringify({ level: "info", service: "rewrite", msg: "listening", host, port: server.address().port }),
  );
});
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 5_000).unref();
  });
}
