/**
 * Receivers of notices, written from what each of them documents and with nothing of the sender's: what they take for
 * genuine, a real one does too. Each refuses as the real one does.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { BOT_SECRET, type ChannelPorts, MAIL_LOGIN, WEBHOOK_SECRET } from "./channels.ts";

const TOLERANCE_S = 300;

export interface Taken {
  readonly by: string;
  /** webhook-id, or Message-ID. */
  readonly id: string | null;
  readonly text: string;
}

interface Judgement {
  readonly status: number;
  readonly body: unknown;
  readonly taken?: Taken;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function hook({ headers }: IncomingMessage, body: string): Judgement {
  const [id, at, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
    String(headers[name] ?? ""),
  );
  const key = Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64");
  const right = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest();
  const genuine = (signatures ?? "").split(" ").some((signature) => {
    const [version, value = ""] = signature.split(",");
    const given = Buffer.from(value, "base64");
    return version === "v1" && given.length === right.length && timingSafeEqual(given, right);
  });
  const fresh = Math.abs(Date.now() / 1_000 - Number(at)) <= TOLERANCE_S;
  if (!genuine || !fresh || id === "") return { status: 401, body: { error: "signature" } };
  const { type, timestamp, data } = JSON.parse(body) as { type: string; timestamp: string; data: unknown };
  if (typeof type !== "string" || Number.isNaN(Date.parse(timestamp))) return { status: 400, body: { error: "shape" } };
  return { status: 200, body: {}, taken: { by: "hook", id: id ?? null, text: JSON.stringify(data) } };
}

/** Slack: a text, answered by the word ok. */
function slack(_request: IncomingMessage, body: string): Judgement {
  const { text } = JSON.parse(body) as { text?: unknown };
  if (typeof text !== "string" || text === "") return { status: 400, body: "no_text" };
  return { status: 200, body: "ok", taken: { by: "slack", id: null, text } };
}

/** Feishu's custom bot with signature verification: HMAC-SHA256 over nothing, keyed by "timestamp\nsecret". */
function feishu(_request: IncomingMessage, body: string): Judgement {
  const message = JSON.parse(body) as {
    timestamp?: string;
    sign?: string;
    msg_type?: string;
    content?: { text?: string };
  };
  const sign = createHmac("sha256", `${message.timestamp}\n${BOT_SECRET}`).digest("base64");
  const fresh = Math.abs(Date.now() / 1_000 - Number(message.timestamp)) <= 3_600;
  if (message.sign !== sign || !fresh) return { status: 200, body: { code: 19021, msg: "sign match fail" } };
  if (message.msg_type !== "text") return { status: 200, body: { code: 9499, msg: "Bad Request" } };
  return { status: 200, body: { code: 0 }, taken: { by: "feishu", id: null, text: message.content?.text ?? "" } };
}

/** DingTalk's robot: milliseconds and HMAC-SHA256 of "timestamp\nsecret" in the query, beside its token. */
function dingtalk({ url }: IncomingMessage, body: string): Judgement {
  const query = new URL(url ?? "", "http://x").searchParams;
  const at = query.get("timestamp") ?? "";
  const sign = createHmac("sha256", BOT_SECRET).update(`${at}\n${BOT_SECRET}`).digest("base64");
  const fresh = Math.abs(Date.now() - Number(at)) <= 3_600_000;
  if (query.get("access_token") !== "t0ken") return { status: 200, body: { errcode: 300005, errmsg: "token" } };
  if (query.get("sign") !== sign || !fresh) return { status: 200, body: { errcode: 310000, errmsg: "sign not match" } };
  return robot("dingtalk", body);
}

/** WeCom's group robot: its key in the query. */
function wecom({ url }: IncomingMessage, body: string): Judgement {
  const known = new URL(url ?? "", "http://x").searchParams.get("key") === "k3y";
  return known ? robot("wecom", body) : { status: 200, body: { errcode: 93000, errmsg: "invalid webhook url" } };
}

function robot(by: string, body: string): Judgement {
  const message = JSON.parse(body) as { msgtype?: string; text?: { content?: string } };
  const text = message.text?.content ?? "";
  if (message.msgtype !== "text" || text === "")
    return { status: 200, body: { errcode: 40008, errmsg: "invalid type" } };
  return { status: 200, body: { errcode: 0, errmsg: "ok" }, taken: { by, id: null, text } };
}

const DOORS: Readonly<Record<string, (request: IncomingMessage, body: string) => Judgement>> = {
  "/hook": hook,
  "/slack": slack,
  "/feishu": feishu,
  "/dingtalk": dingtalk,
  "/wecom": wecom,
};

export class Receivers {
  readonly taken: Taken[] = [];
  readonly #http: Server;
  readonly #smtp: TcpServer;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#http = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const door = DOORS[(request.url ?? "").split("?")[0] ?? ""];
        const judged = door?.(request, Buffer.concat(chunks).toString("utf8")) ?? { status: 404, body: "" };
        if (judged.taken !== undefined) this.taken.push(judged.taken);
        response
          .writeHead(judged.status)
          .end(typeof judged.body === "string" ? judged.body : JSON.stringify(judged.body));
      });
    });
    this.#smtp = createTcpServer((socket) => this.#mail(socket));
  }

  async start({ http, smtp }: ChannelPorts): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(http, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => this.#smtp.listen(smtp, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
    await new Promise((resolve) => this.#smtp.close(resolve));
  }

  /** As much of RFC 5321 and 4954 as one message needs: nobody may send who does not log in. */
  #mail(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket)).on("error", () => undefined);
    const say = (line: string) => socket.write(`${line}\r\n`);
    let waiting = "";
    let letter: string[] | null = null;
    let known = false;
    const command = (line: string): void => {
      const [verb = "", ...rest] = line.split(" ");
      switch (verb.toUpperCase()) {
        case "EHLO":
          say("250-post");
          return void say("250 AUTH PLAIN");
        case "AUTH": {
          const [, user, password] = Buffer.from(rest[1] ?? "", "base64")
            .toString("utf8")
            .split("\0");
          known = rest[0]?.toUpperCase() === "PLAIN" && user === MAIL_LOGIN.user && password === MAIL_LOGIN.password;
          return void say(known ? "235 welcome" : "535 who are you?");
        }
        case "DATA":
          letter = [];
          return void say("354 go on");
        case "QUIT":
          say("221 bye");
          return void socket.end();
        default:
          return void say(known ? "250 ok" : "530 log in first");
      }
    };
    const line = (text: string): void => {
      if (letter === null) {
        command(text);
        return;
      }
      if (text !== ".") {
        letter.push(text.startsWith("..") ? text.slice(1) : text);
        return;
      }
      const mail = letter.join("\n");
      letter = null;
      this.taken.push({ by: "mail", id: /^message-id: <(.+)>$/im.exec(mail)?.[1] ?? null, text: mail });
      say("250 taken");
    };
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      waiting += chunk;
      const lines = waiting.split("\r\n");
      waiting = lines.pop() ?? "";
      for (const each of lines) line(each);
    });
    say("220 post ESMTP");
  }
}
