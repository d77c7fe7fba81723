import { connect } from "node:net";

/** Sends bytes as they are and returns everything that comes back until the server closes, or after ms. */
export function rawHttp(
  port: number,
  text: string,
  options: { endAfterSend?: boolean; ms?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    const timer = setTimeout(() => socket.destroy(), options.ms ?? 2_000);
    socket.on("connect", () => {
      socket.write(text);
      if (options.endAfterSend === true) socket.destroy();
    });
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? undefined : reject(error)));
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}
