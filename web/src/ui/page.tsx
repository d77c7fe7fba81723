import { type ReactNode, useEffect } from "react";
import styles from "./ui.module.css";

export interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  /** Buttons beside the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One page: its only h1, its title in the browser's tab, and what stands on it. */
export function Page({ title, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Stipend`;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          <h1 className={styles.title}>{title}</h1>
          {lead === undefined ? null : <p className={styles.lead}>{lead}</p>}
        </div>
        {actions === undefined ? null : <div className={styles.bar}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export interface CardProps {
  readonly title?: string;
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  /** For tables, which reach the edges. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

export function Card({ title, hint, actions, flush = false, children }: CardProps) {
  return (
    <section className={`${styles.card} ${flush ? styles.flush : ""}`} aria-label={title}>
      {title === undefined ? null : (
        <div className={styles.cardHead}>
          <div>
            <h2 className={styles.cardTitle}>{title}</h2>
            {hint === undefined ? null : <p className={styles.hint}>{hint}</p>}
          </div>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Stat({ name, value, hint }: { name: string; value: ReactNode; hint?: ReactNode }) {
  return (
    <section className={styles.card}>
      <h2 className={styles.hint}>{name}</h2>
      <span className={styles.statValue}>{value}</span>
      {hint === undefined ? null : <span className={styles.hint}>{hint}</span>}
    </section>
  );
}
