/** The README's first session, played: what it shows is what happens. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { REPO_ROOT } from "@stipend/local/repo";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, describe, expect, inject, test } from "vitest";
import { running } from "../support/running.ts";

interface Step {
  readonly command: string;
  readonly shown: string;
}

const run = promisify(execFile);
const { baseUrl, people } = running();

/** Commands begin with "$ " and go on after a backslash; everything else of a console block is what they print. */
function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/```console\n([\s\S]*?)```/g)].map((block) => block[1] ?? "");
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== "")
      .map((part) => {
        const [, command = "", shown = ""] = /^((?:.*\\\n)*.*)\n?([\s\S]*)$/.exec(part) ?? [];
        return { command, shown };
      }),
  );
}

/** Line breaks are the README's own; moments, identities and hashes differ from run to run. */
function comparable(output: string): string {
  return output
    .replace(/\r?\n\s*/g, "")
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<moment>"')
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, "<uuid>")
    .replace(/"(id|transactionId|grantId)":"\d+"/g, '"$1":"<id>"')
    .replace(/"offsetMs":\d+/g, '"offsetMs":<ms>');
}

async function play(assignments: readonly string[], command: string): Promise<string> {
  const script = [...assignments, command].join("\n").replaceAll("localhost:8080", new URL(baseUrl).host);
  const env = { ...process.env, STIPEND_HOME: inject("running").home };
  return (await run("bash", ["-c", script], { cwd: REPO_ROOT, env })).stdout;
}

afterAll(async () => {
  await (await people.admin()).put("/api/dev/clock", { real: true });
});

describe("the README", () => {
  test("shows a session as it happens", { timeout: 120_000 }, async () => {
    const steps = stepsOf(await readFile(join(REPO_ROOT, "README.md"), "utf8"));
    expect(steps.length).toBeGreaterThan(8);
    const assignments: string[] = [];
    for (const { command, shown } of steps) {
      if (/^[A-Z]+=/.test(command)) {
        const [name, value] = [command.split("=")[0], await play([], `${command}\necho "$${command.split("=")[0]}"`)];
        assignments.push(`${name}=${value.trim()}`);
        continue;
      }
      const check = async (): Promise<void> =>
        expect(comparable(await play(assignments, command)), command).toBe(comparable(shown));
      // Only a plain read may be repeated: "a moment later".
      await (/ -d /.test(command) ? check() : eventually(check, { timeoutMs: 5_000, everyMs: 200 }));
    }
  });
});
