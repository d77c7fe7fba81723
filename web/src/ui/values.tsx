import { useFormat } from "../i18n/format.ts";
import styles from "./ui.module.css";

export function Num({ value }: { value: number }) {
  return <span className={styles.num}>{useFormat().number(value)}</span>;
}

/** A change of a balance, with its sign. */
export function Change({ value }: { value: number }) {
  const text = useFormat().signed(value);
  return <span className={`${styles.num} ${value > 0 ? styles.plus : ""}`}>{text}</span>;
}

/** A moment: its date, and on hovering how far away it is. */
export function When({ at, time = false }: { at: string; time?: boolean }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.relative(at)} className={styles.num}>
      {time ? format.dateTime(at) : format.date(at)}
    </time>
  );
}

export type Tone = "plain" | "good" | "warn" | "bad";

export function Pill({ tone = "plain", dot = true, children }: { tone?: Tone; dot?: boolean; children: string }) {
  const colour = tone === "plain" ? "" : styles[tone];
  return <span className={`${styles.pill} ${colour} ${dot ? "" : styles.bare}`}>{children}</span>;
}
