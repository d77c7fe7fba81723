/** A page that comes from a server and wakes up, in StrictMode: rendered, hydrated, used, taken off, put on again. */
import {
  CreditsBadge,
  CreditsMeter,
  CreditsProvider,
  MembershipInfo,
  type Session,
  TopUpPrompt,
  TransactionList,
  useConsume,
  useCredits,
} from "@stipend/react";
import { StrictMode, useEffect, useState, version } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";

interface Hydration {
  readonly version: string;
  /** The markup as a server makes it. */
  readonly html: string;
  /** What React complained about. */
  readonly errors: readonly string[];
  wakeUp(userId: string, token: string): void;
}

function Page({ session }: { session: Session | null }) {
  return (
    <CreditsProvider session={session} locale="en">
      <CreditsBadge />
      <CreditsMeter />
      <MembershipInfo manageable />
      <TopUpPrompt />
      <TransactionList filter={{ limit: 5 }} />
      <Spender />
    </CreditsProvider>
  );
}

function Spender() {
  const { spendable } = useCredits();
  const { consume, running } = useConsume();
  const spend = () => void consume({ amount: 2, reason: "a test" }).catch(() => undefined);
  return (
    <button type="button" disabled={running > 0} onClick={spend}>
      {`Spend two of ${spendable ?? "?"}`}
    </button>
  );
}

/** The page, and a way to sign out as an app does: the property becomes null. */
function App({ session }: { session: Session }) {
  const [current, setCurrent] = useState<Session | null>(session);
  const [isShown, setShown] = useState(true);
  const [isAwake, setAwake] = useState(false);
  useEffect(() => setAwake(true), []);
  return (
    <>
      {isShown ? <Page session={current} /> : null}
      <p>{isAwake ? "awake" : "asleep"}</p>
      <button type="button" onClick={() => setShown(!isShown)}>
        Toggle
      </button>
      <button type="button" onClick={() => setCurrent(null)}>
        Leave
      </button>
    </>
  );
}

const errors: string[] = [];
const root = document.getElementById("root") as HTMLElement;
const sessionOf = (userId: string, token: string): Session => ({ userId, getToken: () => token });
const page = (session: Session) => (
  <StrictMode>
    <App session={session} />
  </StrictMode>
);

const hydration: Hydration & { html: string } = {
  version,
  html: "",
  errors,
  wakeUp(userId, token) {
    const session = sessionOf(userId, token);
    hydration.html = renderToString(page(session));
    root.innerHTML = hydration.html;
    hydrateRoot(root, page(session), { onRecoverableError: (error) => errors.push(String(error)) });
  },
};

export type { Hydration };

(globalThis as { hydration?: Hydration }).hydration = hydration;
