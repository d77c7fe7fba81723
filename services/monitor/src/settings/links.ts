import { z } from "zod";

const section = z.strictObject({
  /** Where the admin console stands. */
  consoleUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** A trace in the trace UI; {traceId} stands where its id goes. */
  traceUrl: z
    .string()
    .regex(/^https?:\/\/\S*\{traceId\}\S*$/, "must be a URL with {traceId} in it")
    .optional(),
});

/** Where people find what an alert is about. */
export interface Links {
  readonly consoleUrl: string | null;
  readonly traceUrl: string | null;
}

export function readLinks(given: unknown): { readonly links: Links; readonly mistakes: readonly string[] } {
  const parsed = section.safeParse(given ?? {});
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `links.${path.join(".")} ${message}`);
    return { links: { consoleUrl: null, traceUrl: null }, mistakes };
  }
  const { consoleUrl, traceUrl } = parsed.data;
  return { links: { consoleUrl: consoleUrl?.replace(/\/+$/, "") ?? null, traceUrl: traceUrl ?? null }, mistakes: [] };
}

/** null: there is no such trace, or nobody knows where traces stand. */
export function traceLink({ traceUrl }: Links, traceId: unknown): string | null {
  if (traceUrl === null || typeof traceId !== "string" || !/^[0-9a-f]{32}$/.test(traceId)) return null;
  return traceUrl.replaceAll("{traceId}", traceId);
}
