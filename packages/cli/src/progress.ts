import { Listr } from "listr2";
import type { Shell } from "./shell.ts";

/** Tells what a step is doing now; cheap enough to be called for every item. */
export type Update = (text: string) => void;

export interface Step {
  readonly title: string;
  /** @returns what it came to, in a few words. */
  run(update: Update): Promise<string>;
}

/** Between two lines about one step, where lines can't be redrawn. */
const EVERY_MS = 2_000;

/** Runs the steps one after the other and shows how far they are: redrawn for a person, as lines for a log. */
export async function runSteps(shell: Shell, steps: readonly Step[]): Promise<void> {
  if (shell.interactive) return redrawn(steps);
  for (const { title, run } of steps) {
    let last = performance.now();
    const done = await run((text) => {
      if (performance.now() - last < EVERY_MS) return;
      last = performance.now();
      shell.say(`· ${title}: ${text}`);
    });
    shell.say(`✓ ${title}: ${done}`);
  }
}

async function redrawn(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map(({ title, run }) => ({
    title,
    task: async (_context: unknown, task: { title: string }) => {
      task.title = `${title}: ${await run((text) => {
        task.title = `${title}: ${text}`;
      })}`;
    },
  }));
  await new Listr(tasks, { rendererOptions: { showErrorMessage: false } }).run();
}
