export type Values = Readonly<Record<string, string | number>>;

/** Fills `{name}` of a text; names without a value stay. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** In the reader's own zone. */
export function formatTime(locale: string, time: string, timeStyle?: "short"): string {
  return new Date(time).toLocaleString(locale, { dateStyle: "medium", ...(timeStyle && { timeStyle }) });
}
