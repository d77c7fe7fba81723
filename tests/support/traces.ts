import type { TraceUi } from "@stipend/local/engines/trace-ui";
import { z } from "zod";
import { fromJaeger } from "./traces-jaeger.ts";

const Span = z.object({
  traceId: z.string(),
  id: z.string(),
  parentId: z.string().optional(),
  name: z.string().optional(),
  kind: z.string().optional(),
  timestamp: z.number().optional(),
  duration: z.number().optional(),
  localEndpoint: z.object({ serviceName: z.string().optional() }).optional(),
  tags: z.record(z.string(), z.string()).optional(),
});

export type Span = z.output<typeof Span>;

const TRACE_PATHS = { zipkin: "/api/v2/trace/", jaeger: "/api/traces/" } as const;

/**
 * The spans of one trace as the trace UI's API has them; none while it knows nothing of it.
 *
 * @throws Error that says what to do when no trace UI answers.
 */
export async function readTrace(ui: TraceUi, traceId: string): Promise<Span[]> {
  const answer = await fetch(`${ui.url}${TRACE_PATHS[ui.engine]}${traceId}`).catch((cause: unknown) => {
    const advice = "a system started with --no-traces has none; start it without that";
    throw new Error(`no trace UI answers at ${ui.url}: ${advice}`, { cause });
  });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`the trace UI answered ${answer.status}`);
  const body: unknown = await answer.json();
  return ui.engine === "jaeger" ? fromJaeger(body) : z.array(Span).parse(body);
}

/** The page where a person sees this trace. */
export function traceLink(ui: TraceUi, traceId: string): string {
  return `${ui.url}${ui.engine === "jaeger" ? "/trace/" : "/zipkin/traces/"}${traceId}`;
}

export function serviceOf(span: Span): string {
  return span.localEndpoint?.serviceName ?? "?";
}

/** The spans as an indented tree, each with its service and time. */
export function drawTree(spans: readonly Span[]): string[] {
  const ids = new Set(spans.map((span) => span.id));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of [...spans].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))) {
    if (span.parentId === undefined || !ids.has(span.parentId)) roots.push(span);
    else children.set(span.parentId, [...(children.get(span.parentId) ?? []), span]);
  }
  const draw = (span: Span, depth: number): string[] => [
    `${"  ".repeat(depth)}${serviceOf(span)}: ${span.name ?? "?"} (${((span.duration ?? 0) / 1000).toFixed(1)} ms)`,
    ...(children.get(span.id) ?? []).flatMap((child) => draw(child, depth + 1)),
  ];
  return roots.flatMap((root) => draw(root, 0));
}

/** The services on the way from this span up to its root, root first: proof that one hangs below the other. */
export function pathTo(spans: readonly Span[], span: Span): Span[] {
  const parent = spans.find((other) => other.id === span.parentId && other !== span);
  return parent === undefined ? [span] : [...pathTo(spans, parent), span];
}
