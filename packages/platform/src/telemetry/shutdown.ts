let shutdown: (() => Promise<void>) | undefined;

/** Called by register.ts when tracing is on. */
export function onTelemetryShutdown(fn: () => Promise<void>): void {
  shutdown = fn;
}

/** Sends what spans are left; bounded, never throws, free when tracing is off. */
export async function shutdownTelemetry(timeoutMs = 2_000): Promise<void> {
  if (shutdown === undefined) return;
  const bound = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
  await Promise.race([shutdown().catch(() => undefined), bound]);
}
