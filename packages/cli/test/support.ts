import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { AddCommand, Shell } from "../src/shell.ts";

/** What a command said and how it ended. */
export interface Spoken extends Shell {
  readonly printed: string[];
  readonly said: string[];
  readonly ended: number[];
}

export function shellWith(env: NodeJS.ProcessEnv = {}): Spoken {
  const printed: string[] = [];
  const said: string[] = [];
  const ended: number[] = [];
  return {
    env,
    interactive: false,
    printed,
    said,
    ended,
    print: (line) => void printed.push(line),
    say: (line) => void said.push(line),
    end: (code) => void ended.push(code),
  };
}

/** Runs one command in this process. @throws what the command throws. */
export async function run(shell: Shell, add: AddCommand, ...args: string[]): Promise<void> {
  const program = new Command("stipend").exitOverride().configureOutput({ writeErr: () => undefined });
  add(program, shell);
  await program.parseAsync(args, { from: "user" });
}

/** A file of its own folder, gone with `remove`. */
export function tempFile(name: string, content: string | Uint8Array): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "stipend-cli-"));
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Breaks the connection instead of answering. */
  readonly cut?: boolean;
}

/** A refusal as the API words it. */
export function refusal(status: number, code: string, detail = "because", headers: Record<string, string> = {}): Reply {
  const problem = { type: `urn:stipend:problem:${code}`, title: "No", status, code, detail, action: "what to do" };
  return { status, headers, body: problem };
}

/** An HTTP server that answers as it is told; what a client does with odd answers needs no system behind them. */
export async function answering(answer: (asked: Asked) => Reply) {
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    void bodyOf(req).then((body) => {
      const { method = "", url = "" } = req;
      const one = { method, url, authorization: req.headers.authorization ?? "", body };
      asked.push(one);
      const reply = answer(one);
      if (reply.cut === true) req.socket.destroy();
      else
        res
          .writeHead(reply.status, { "content-type": "application/json", ...reply.headers })
          .end(JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<unknown>((closed) => server.close(closed));
  };
  return { url: `http://127.0.0.1:${port}`, asked, stop };
}

async function bodyOf(req: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of req) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}
