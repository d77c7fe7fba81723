import { Button, ScrollArea } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Pages } from "../api/pages.ts";
import { Loaded } from "./states.tsx";
import styles from "./ui.module.css";

export interface Column<T> {
  readonly name: string;
  readonly align?: "end";
  /** Left out on a phone: what the other columns do not need to be understood. */
  readonly wide?: boolean;
  readonly cell: (row: T) => ReactNode;
}

export interface TableProps<T> {
  /** What the table shows, for those who can't see it. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
}

export function Table<T>({ label, columns, rows, rowKey }: TableProps<T>) {
  return (
    <ScrollArea.Autosize type="auto" viewportProps={{ tabIndex: 0, role: "region", "aria-label": label }}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map(({ name, align, wide }) => (
              <th key={name} data-align={align} scope="col" className={wide === true ? styles.wide : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ name, align, wide, cell }) => (
                <td key={name} data-align={align} className={wide === true ? styles.wide : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea.Autosize>
  );
}

export interface PagedTableProps<T> extends Omit<TableProps<T>, "rows"> {
  readonly pages: Pages<T>;
  readonly empty: ReactNode;
}

/** A table that is filled page by page. */
export function PagedTable<T>({ pages, empty, ...table }: PagedTableProps<T>) {
  const { query, rows } = pages;
  return (
    <>
      <Loaded query={{ ...query, data: rows }} isEmpty={(all) => all.length === 0} empty={empty}>
        {(all) => <Table {...table} rows={all} />}
      </Loaded>
      <More pages={pages} />
    </>
  );
}

export function More<T>({ pages: { query } }: { pages: Pages<T> }) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <div className={styles.more}>
      <Button variant="subtle" size="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t("common.more")}
      </Button>
    </div>
  );
}
