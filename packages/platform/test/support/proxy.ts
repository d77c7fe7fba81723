import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to an engine that a test can cut (connections break), close (new ones are refused) and freeze (nothing passes). */
export class TestProxy {
  readonly #target: { host: string; port: number };
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  #server: Server | undefined;
  #port = 0;
  #frozen = false;
  /** Sees what the client sends before it is passed on; return false to swallow it and freeze everything. */
  onClientData: ((data: Buffer) => boolean) | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port) };
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    const server = createServer((client) => this.#join(client));
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", () => resolve()));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks what is connected and refuses what comes. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    this.cut();
    await closed;
  }

  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
    this.#pairs.clear();
  }

  /** Connections stay and new ones are accepted, but nothing passes: a server that has stopped, or lost packets. */
  freeze(): void {
    this.#frozen = true;
    for (const pair of this.#pairs) {
      pair.client.pause();
      pair.upstream.pause();
    }
  }

  thaw(): void {
    this.#frozen = false;
    for (const pair of this.#pairs) {
      pair.client.resume();
      pair.upstream.resume();
    }
  }

  #join(client: Socket): void {
    const upstream = connect(this.#target);
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const end = () => {
      client.destroy();
      upstream.destroy();
      this.#pairs.delete(pair);
    };
    client.on("data", (data: Buffer) => {
      if (this.onClientData?.(data) === false) this.freeze();
      else upstream.write(data);
    });
    upstream.on("data", (data: Buffer) => client.write(data));
    for (const socket of [client, upstream]) {
      socket.on("error", end);
      socket.on("close", end);
    }
    if (this.#frozen) {
      client.pause();
      upstream.pause();
    }
  }
}
