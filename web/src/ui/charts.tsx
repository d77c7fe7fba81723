import "@mantine/charts/styles.layer.css";
import { BarChart } from "@mantine/charts";
import { useTranslation } from "react-i18next";
import { useFormat } from "../i18n/format.ts";
import styles from "./charts.module.css";
import { Table } from "./table.tsx";
import { Num } from "./values.tsx";

export interface Series {
  readonly key: string;
  readonly name: string;
}

export interface BarsProps {
  /** What is shown, in a sentence: the picture's text. */
  readonly label: string;
  /** At most four: there are four colours. */
  readonly series: readonly Series[];
  readonly rows: readonly (Readonly<Record<string, number | string>> & { readonly label: string })[];
  /** Negative values hang below the line, as credits that went out. */
  readonly diverging?: boolean;
  readonly height?: number;
}

const COLOURS = ["var(--series-1)", "var(--series-2)", "var(--series-3)", "var(--series-4)"];

/** Stacked bars over time (a word instead when there is nothing to draw), with the same numbers as a table beneath for whoever wants or needs them. */
export function Bars({ label, series, rows, diverging = false, height = 260 }: BarsProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const painted = series.map(({ key, name }, index) => ({
    name: key,
    label: name,
    color: COLOURS[index % COLOURS.length] ?? "var(--series-1)",
  }));
  if (rows.every((row) => series.every(({ key }) => Number(row[key] ?? 0) === 0))) {
    return (
      <p className={styles.none} style={{ height }}>
        {t("common.noneInTime")}
      </p>
    );
  }
  return (
    <figure className={styles.figure} aria-label={label}>
      {series.length < 2 ? null : (
        <ul className={styles.legend} aria-hidden="true">
          {painted.map((each) => (
            <li key={each.name}>
              <span className={styles.dot} style={{ background: each.color }} />
              {each.label}
            </li>
          ))}
        </ul>
      )}
      <div aria-hidden="true">
        <BarChart
          h={height}
          data={rows.map((row) => ({ ...row }))}
          dataKey="label"
          series={painted}
          type="stacked"
          gridAxis="x"
          gridColor="var(--line)"
          textColor="var(--ink-3)"
          strokeDasharray="0"
          tickLine="none"
          valueFormatter={(value) => format.number(value)}
          yAxisProps={{ width: 52, tickFormatter: (value: number) => format.short(value), allowDecimals: false }}
          xAxisProps={{ minTickGap: 28 }}
          barProps={{ radius: diverging ? 0 : 2, maxBarSize: 34, isAnimationActive: false }}
          tooltipProps={{ isAnimationActive: false }}
          barChartProps={{
            stackOffset: diverging ? "sign" : "none",
            accessibilityLayer: false,
            // Room for the topmost number of the axis, which would be cut off or pushed into the next one.
            margin: { top: 10, right: 4 },
          }}
          referenceLines={diverging ? [{ y: 0, color: "var(--line-strong)" }] : []}
        />
      </div>
      <details className={styles.numbers}>
        <summary>{t("common.numbers")}</summary>
        <Table
          label={label}
          rows={rows}
          rowKey={(row) => row.label}
          columns={[
            { name: t("common.when"), cell: (row) => row.label },
            ...series.map(({ key, name }) => ({
              name,
              align: "end" as const,
              cell: (row: (typeof rows)[number]) => <Num value={Number(row[key] ?? 0)} />,
            })),
          ]}
        />
      </details>
    </figure>
  );
}
