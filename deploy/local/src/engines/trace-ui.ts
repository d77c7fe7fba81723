import type { Settings } from "../settings.ts";
import { rememberedMode } from "./plan.ts";

/** Where the traces of a system are read, and whose API answers there. */
export interface TraceUi {
  readonly engine: "zipkin" | "jaeger";
  /** without a path */
  readonly url: string;
}

/** The trace UI of the system in this home: Jaeger when Docker runs its engines, else Zipkin. A collector given by URL is taken for a Zipkin. */
export function traceUiOf(settings: Settings): TraceUi {
  if (settings.given.otlpUrl) return { engine: "zipkin", url: settings.given.otlpUrl };
  return rememberedMode(settings) === "docker"
    ? { engine: "jaeger", url: `http://127.0.0.1:${settings.ports.zipkin}` }
    : { engine: "zipkin", url: `http://127.0.0.1:${settings.ports.traces}` };
}
