import { Button, Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { problemOf } from "../api/problem.ts";
import { useProblemText } from "../i18n/problem-text.ts";
import styles from "./ui.module.css";

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  const heights = Array.from({ length: rows }, (_, row) => ({ row, height: row === 0 ? 28 : 18 }));
  return (
    <Stack gap="sm" p="md" role="status" aria-label={t("common.loading")}>
      {heights.map(({ row, height }) => (
        <Skeleton key={row} height={height} radius="sm" width={row === heights.length - 1 ? "60%" : "100%"} />
      ))}
    </Stack>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.emptyTitle}>{title}</p>
      {children === undefined ? null : <p className={styles.hint}>{children}</p>}
    </div>
  );
}

/** What went wrong, by its stable code, and what one can do. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const text = useProblemText();
  const problem = problemOf(error);
  const { title, action } = text(problem);
  return (
    <div className={styles.failure} role="alert">
      <div>
        <p className={styles.failureTitle}>{title}</p>
        {action === undefined ? null : <p>{action}</p>}
        <p className={styles.code}>
          {problem.code}
          {problem.requestId === undefined ? "" : ` · ${problem.requestId}`}
        </p>
      </div>
      {onRetry === undefined ? null : (
        <Button size="xs" variant="default" onClick={onRetry}>
          {t("common.retry")}
        </Button>
      )}
    </div>
  );
}

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly refetch: () => unknown;
}

export interface LoadedProps<T> {
  readonly query: Asked<T>;
  readonly rows?: number;
  readonly isEmpty?: (data: T) => boolean;
  readonly empty?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** Loading, error, empty or the data: no page can forget one of them. */
export function Loaded<T>({ query, rows, isEmpty, empty, children }: LoadedProps<T>) {
  if (query.data === undefined) {
    if (query.isPending) return <Loading rows={rows} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  // Old data stays in sight while the server is away, under a word that says so.
  const stale = query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      {stale}
      {isEmpty?.(query.data) === true ? empty : children(query.data)}
    </>
  );
}
