import { SegmentedControl } from "@mantine/core";
import { useCredits } from "@stipend/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/api-context.tsx";
import type { Usage } from "../../api/types.ts";
import { type Format, useFormat } from "../../i18n/format.ts";
import { Bars } from "../../ui/charts.tsx";
import { Card, Page, Stat } from "../../ui/page.tsx";
import { Empty, Loaded } from "../../ui/states.tsx";
import ui from "../../ui/ui.module.css";
import { Num } from "../../ui/values.tsx";
import { byFeature, topFeatures } from "../usage-series.ts";

const DAY_MS = 86_400_000;
const RANGES = ["7", "30", "90", "12m"] as const;
type Range = (typeof RANGES)[number];

/** Where the credits went: by day or month, and by feature. */
export function UsagePage() {
  const { t } = useTranslation();
  const api = useApi();
  const [range, setRange] = useState<Range>("30");
  const { credits } = useCredits();
  const query = useQuery({
    // The account's version: what was spent a moment ago shows at once.
    queryKey: ["usage", range, credits?.version],
    queryFn: ({ signal }) => api.get<Usage>("/api/credits/usage", queryOf(range), signal),
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title={t("member.usage.title")}
      lead={t("member.usage.lead")}
      actions={
        <SegmentedControl
          aria-label={t("member.usage.range")}
          value={range}
          onChange={(value) => setRange(value as Range)}
          data={RANGES.map((value) => ({ value, label: t(`member.usage.ranges.${value}`) }))}
        />
      }
    >
      <Loaded query={query} rows={6}>
        {(usage) => <Charts usage={usage} />}
      </Loaded>
    </Page>
  );
}

function Charts({ usage }: { usage: Usage }) {
  const { t } = useTranslation();
  const format = useFormat();
  const total = usage.data.reduce((sum, bucket) => sum + bucket.net, 0);
  const operations = usage.data.reduce((sum, bucket) => sum + bucket.operations, 0);
  const features = topFeatures(usage);
  const nameOf = (feature: string | null): string =>
    feature === null ? t("member.usage.other") : t(`features.${feature}`, { defaultValue: feature });
  return (
    <>
      <div className={ui.stats}>
        <Stat name={t("member.usage.spent")} value={<Num value={total} />} hint={t("member.usage.spentHint")} />
        <Stat name={t("member.usage.calls")} value={<Num value={operations} />} />
        <Stat
          name={t("member.usage.average")}
          value={<Num value={usage.data.length === 0 ? 0 : Math.round(total / usage.data.length)} />}
          hint={t(`member.usage.per.${usage.interval}`)}
        />
      </div>
      <Card title={t("member.usage.overTime")} hint={usage.timeZone}>
        {operations === 0 ? (
          <Empty title={t("member.usage.empty")}>{t("member.usage.emptyLead")}</Empty>
        ) : (
          <Bars
            label={t("member.usage.overTime")}
            series={features.map((feature) => ({ key: feature ?? "", name: nameOf(feature) }))}
            rows={usage.data.map((bucket) => ({
              label: labelOf(bucket.start, usage, format),
              ...byFeature(bucket, features),
            }))}
          />
        )}
      </Card>
    </>
  );
}

function labelOf(start: string, { interval, timeZone }: Usage, format: Format): string {
  return interval === "month" ? format.month(start, timeZone) : format.day(start, timeZone);
}

function queryOf(range: Range): Record<string, string> {
  const base = { groupBy: "feature" };
  if (range === "12m") return { ...base, interval: "month" };
  return { ...base, interval: "day", from: new Date(Date.now() - (Number(range) - 1) * DAY_MS).toISOString() };
}
