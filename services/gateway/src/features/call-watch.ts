import type { ServerResponse } from "node:http";

class CallTimeout extends Error {}
class ClientGone extends Error {}

/** Ends a metered call when its time is over or its client is gone (unless the policy is to finish it all the same). */
export class CallWatch {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #res: ServerResponse;
  readonly #onClose: () => void;
  #timedOut = false;

  constructor(res: ServerResponse, timeoutMs: number, onDisconnect: "release" | "charge") {
    this.#res = res;
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.#abort.abort(new CallTimeout("the call took too long"));
    }, timeoutMs);
    this.#onClose = () => {
      if (onDisconnect === "release" && !res.writableFinished) this.#abort.abort(new ClientGone("the client is gone"));
    };
    res.once("close", this.#onClose);
    if (res.destroyed) this.#onClose();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get timedOut(): boolean {
    return this.#timedOut;
  }

  /** The client will read no answer any more. */
  get clientGone(): boolean {
    return this.#res.destroyed || this.#res.socket?.destroyed === true;
  }

  throwIfOver(): void {
    this.#abort.signal.throwIfAborted();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#res.off("close", this.#onClose);
  }
}
