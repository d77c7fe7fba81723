export type Values = Readonly<Record<string, string | number>>;

/** Fills `{name}` of a text; names without a value stay. `show` makes words of a value. */
export function fill(
  text: string,
  values: Values,
  show: (value: string | number, name: string) => string = String,
): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => show(values[name] ?? whole, name));
}

/** In the reader's own zone. */
export function formatTime(locale: string, time: string, timeStyle?: "short"): string {
  return new Date(time).toLocaleString(locale, { dateStyle: "medium", ...(timeStyle && { timeStyle }) });
}
