import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { Icon, type IconName } from "../ui/icons.tsx";
import styles from "./shell.module.css";

/** Its menu needs more script than all the rest of the frame, and nobody opens it first. */
const Preferences = lazy(async () => ({ default: (await import("./preferences.tsx")).Preferences }));

export interface NavItem {
  readonly href: string;
  readonly name: string;
  readonly icon: IconName;
  /** A small number beside the name: what waits there. */
  readonly count?: number;
}

export interface FrameProps {
  /** top: a bar above, which goes to the bottom on a phone; side: a column, which becomes a strip on a phone. */
  readonly layout: "top" | "side";
  readonly nav: readonly NavItem[];
  /** Beside the preferences: the balance, the console's mark. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** What stands around every page: the mark, the ways to the other pages, the preferences. */
export function Frame({ layout, nav, aside, children }: FrameProps) {
  const { t } = useTranslation();
  const main = useRef<HTMLElement>(null);
  useScrollToTop();
  return (
    <div className={styles.frame} data-layout={layout}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        {t("shell.skip")}
      </button>
      <header className={styles.bar}>
        <Wordmark />
        <Navigation nav={nav} />
        <div className={styles.aside}>
          {aside}
          <Suspense fallback={<span className={styles.later} />}>
            <Preferences />
          </Suspense>
        </div>
      </header>
      <main id="main" className={styles.main} ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

export function Wordmark() {
  return (
    <span className={styles.wordmark}>
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className={styles.markBack} />
        <path d="M22 16a6 6 0 1 1-6-6" className={styles.markLine} />
        <circle cx="21.4" cy="10.6" r="2.4" className={styles.markDot} />
      </svg>
      Stipend
    </span>
  );
}

function Navigation({ nav }: { nav: readonly NavItem[] }) {
  const { t } = useTranslation();
  const strip = useRef<HTMLElement>(null);
  const [here] = useLocation();
  const current = nav.filter(({ href }) => href === here || (href !== "/" && here.startsWith(`${href}/`))).at(-1)?.href;
  // On a phone the ways stand in a strip that scrolls: where one is has to be in sight.
  useEffect(() => {
    const link = strip.current?.querySelector<HTMLElement>(`[href$="${current ?? ""}"][aria-current]`);
    if (link) strip.current?.scrollTo({ left: link.offsetLeft - 24 });
  }, [current]);
  return (
    <nav className={styles.nav} aria-label={t("shell.navigation")} ref={strip}>
      {nav.map(({ href, name, icon, count }) => (
        <Link key={href} href={href} className={styles.navLink} aria-current={current === href ? "page" : undefined}>
          <Icon name={icon} />
          <span>{name}</span>
          {count === undefined || count === 0 ? null : (
            <span className={styles.count}>{count > 99 ? "99+" : count}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}

/** A new page begins at its top, as it would without JavaScript. */
function useScrollToTop(): void {
  const [here] = useLocation();
  const before = useRef(here);
  useEffect(() => {
    if (before.current !== here) scrollTo(0, 0);
    before.current = here;
  }, [here]);
}
