import type { Part } from "./lifecycle.ts";

/**
 * Parts that do not need each other, as one: each step runs in all of them at once, so that ending takes as long as the
 * slowest and not as all. A step waits for every part, and then throws what the first that failed threw.
 */
export function together(name: string, parts: readonly Part[]): Part {
  const each = (step: "start" | "drain" | "stop") => async (): Promise<void> => {
    const ended = await Promise.allSettled(parts.map((part) => part[step]?.()));
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  };
  return { name, start: each("start"), drain: each("drain"), stop: each("stop") };
}
