import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export interface Format {
  /** 12,345 */
  number(value: number): string;
  /** +12 or −12, with a true minus; 0 stays 0. */
  signed(value: number): string;
  /** 12.3K, for axes. */
  short(value: number): string;
  date(iso: string): string;
  dateTime(iso: string): string;
  /** Nov 24 */
  day(iso: string, timeZone?: string): string;
  /** Nov 2026 */
  month(iso: string, timeZone?: string): string;
  /** in 3 days, 5 minutes ago; from now on, whatever the development clock says. */
  relative(iso: string, now?: number): string;
  /** minor units of a currency: 499 USD is $4.99. */
  money(minor: number, currency: string): string;
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => formatFor(i18n.language), [i18n.language]);
}

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", 31_557_600_000],
  ["month", 2_629_800_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

export function formatFor(language: string): Format {
  const number = new Intl.NumberFormat(language);
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const digits = (value: number): string => number.format(Math.abs(value));
  return {
    number: (value) => (value < 0 ? `−${digits(value)}` : digits(value)),
    signed: (value) => (value === 0 ? "0" : `${value < 0 ? "−" : "+"}${digits(value)}`),
    short: (value) => short.format(value).replace("-", "−"),
    date: (iso) => date.format(new Date(iso)),
    dateTime: (iso) => dateTime.format(new Date(iso)),
    day: (iso, timeZone) =>
      new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone }).format(new Date(iso)),
    month: (iso, timeZone) =>
      new Intl.DateTimeFormat(language, { month: "short", year: "numeric", timeZone }).format(new Date(iso)),
    relative: (iso, now = Date.now()) => {
      const distance = new Date(iso).getTime() - now;
      const [unit, size] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? (["minute", 60_000] as const);
      return relative.format(Math.trunc(distance / size), unit);
    },
    money: (minor, currency) => {
      const format = new Intl.NumberFormat(language, { style: "currency", currency });
      return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    },
  };
}
