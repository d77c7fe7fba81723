import { connect } from "node:net";

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface RawOptions {
  /** Closes our side after the last chunk, as a client that dies would. */
  readonly cut?: boolean;
  /** Gives up waiting for the server to close. Default 3,000 ms. */
  readonly ms?: number;
}

/** Sends bytes as they are, each chunk in a packet of its own, and returns what comes back until the server closes. */
export function sendRaw(
  baseUrl: string,
  chunks: readonly (string | Buffer)[],
  options: RawOptions = {},
): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    let answer = "";
    const timer = setTimeout(() => socket.destroy(), options.ms ?? 3_000);
    socket.on("connect", () => {
      for (const chunk of chunks) socket.write(chunk);
      if (options.cut === true) socket.destroySoon();
    });
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (!["ECONNRESET", "EPIPE"].includes(error.code ?? "")) reject(error);
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

/** The answers in what came back; an answer without Content-Length reaches to the end. */
export function answersIn(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n");
    const head = end < 0 ? rest : rest.slice(0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? rest.length);
    const body = end < 0 ? "" : rest.slice(end + 4, end + 4 + length);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN);
    if (status !== 100) answers.push({ status, head, body });
    rest = end < 0 ? "" : rest.slice(end + 4 + (status === 100 ? 0 : body.length));
  }
  return answers;
}
