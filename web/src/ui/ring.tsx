import type { ReactNode } from "react";
import styles from "./ui.module.css";

export interface RingProps {
  /** 0 to 1: how much of the circle is filled. */
  readonly ratio: number;
  /** CSS pixels. */
  readonly size?: number;
  /** For those who can't see it. */
  readonly label: string;
  readonly children?: ReactNode;
}

export function Ring({ ratio, size = 168, label, children }: RingProps) {
  const width = Math.max(6, Math.round(size / 15));
  const radius = (size - width) / 2;
  const length = 2 * Math.PI * radius;
  const filled = Math.min(1, Math.max(0, ratio));
  const circle = { cx: size / 2, cy: size / 2, r: radius, strokeWidth: width };
  return (
    <div className={styles.ring}>
      <svg width={size} height={size} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
        <circle className={styles.ringTrack} {...circle} />
        {filled === 0 ? null : (
          <circle
            className={styles.ringValue}
            {...circle}
            strokeDasharray={length}
            strokeDashoffset={length * (1 - filled)}
          />
        )}
      </svg>
      <div className={styles.ringInner}>{children}</div>
    </div>
  );
}
