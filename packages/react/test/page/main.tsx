/** A page that shows all of the package, and lets a test do what a person would. */
import {
  type Change,
  CreditsBadge,
  type CreditsError,
  CreditsMeter,
  CreditsProvider,
  type CreditsStore,
  createCreditsStore,
  MembershipInfo,
  type SessionEnd,
  type Snapshot,
  TopUpPrompt,
  TransactionList,
} from "@stipend/react";
import { createRoot } from "react-dom/client";
import "@stipend/react/styles.css";

interface Start {
  readonly userId: string;
  readonly token: string;
  readonly allowedOrigins?: readonly string[];
  readonly locale?: string;
}

/** When a version or an end first showed here; milliseconds of the machine's clock. */
interface Shown {
  readonly version: number;
  readonly spendable: number | null;
  readonly at: number;
}

class Lab {
  store: CreditsStore | undefined;
  readonly shown: Shown[] = [];
  readonly changes: Change[] = [];
  readonly ends: (SessionEnd & { readonly at: number })[] = [];
  token = "";

  start({ userId, token, allowedOrigins = [], locale = "en" }: Start): void {
    this.token = token;
    const store = createCreditsStore({
      allowedOrigins,
      session: this.session(userId),
      onSessionEnd: (end) => this.ends.push({ ...end, at: now() }),
    });
    this.store = store;
    store.subscribe(() => this.note());
    store.onChange((change) => this.changes.push(change));
    this.note();
    createRoot(document.getElementById("root") as HTMLElement).render(
      <CreditsProvider store={store} locale={locale}>
        <CreditsBadge />
        <CreditsMeter shape="ring" />
        <MembershipInfo manageable />
        <TopUpPrompt />
        <TransactionList filter={{ limit: 5 }} />
      </CreditsProvider>,
    );
  }

  session(userId: string) {
    return { userId, getToken: () => this.token };
  }

  signIn(userId: string, token: string): void {
    this.token = token;
    this.store?.signIn(this.session(userId));
  }

  snapshot(): Snapshot | undefined {
    return this.store?.getSnapshot();
  }

  /** "spent", or the code of the refusal. */
  async consume(amount: number, reason = "a test"): Promise<string> {
    return await outcome(this.store?.consume({ amount, reason }));
  }

  async rewrite(text: string, cost: number): Promise<string> {
    return await outcome(this.store?.callMetered("/api/rewrite", { body: { text }, cost }));
  }

  private note(): void {
    const { credits, spendable } = this.store?.getSnapshot() ?? {};
    const version = credits?.version ?? -1;
    this.shown.push({ version, spendable: spendable ?? null, at: now() });
    if (this.shown.length > 1_000) this.shown.shift();
  }
}

async function outcome(done: Promise<unknown> | undefined): Promise<string> {
  return await Promise.resolve(done).then(
    () => "spent",
    (error: CreditsError) => error.code,
  );
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

export type { Lab };

(globalThis as { lab?: Lab }).lab = new Lab();
