/**
 * npm run tour: plays the life of two users against the running system and says what happens. Every answer shown is a
 * real one; a step that is wrong ends the tour with a non-zero exit code. It can be repeated on a system with data.
 */
import { readSettings } from "@stipend/local/settings";
import { type Guide, prepare, say } from "./guide.ts";
import { upstreamFails } from "./steps/failures.ts";
import { runOut } from "./steps/insufficient.ts";
import { becomeMember } from "./steps/membership.ts";
import { backToRealTime, monthPasses } from "./steps/month.ts";
import { useFeature } from "./steps/spend.ts";
import { readTheTrace } from "./steps/trace.ts";

const STEPS: readonly (readonly [title: string, play: (guide: Guide) => Promise<void>])[] = [
  ["A member gets an allowance, once", becomeMember],
  ["A metered feature costs a credit", useFeature],
  ["What fails costs nothing", upstreamFails],
  ["Who runs out is told what to do", runOut],
  ["A month passes", monthPasses],
  ["One trace shows the whole way", readTheTrace],
];

async function isRunning(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`);
    return answer.ok;
  } catch {
    return false;
  }
}

async function tour(): Promise<void> {
  const settings = readSettings(process.env);
  const url = `http://127.0.0.1:${settings.ports.services.gateway}`;
  if (!(await isRunning(url))) throw new Error(`Nothing is ready at ${url}. Start the system first: npm start`);
  const guide = await prepare(settings);
  await backToRealTime(guide.admin);
  try {
    for (const [index, [title, play]] of STEPS.entries()) {
      console.log(`\n${index + 1}. ${title}`);
      await play(guide);
    }
  } finally {
    console.log("");
    await backToRealTime(guide.admin);
  }
  say(`All ${STEPS.length} steps were right.`);
}

try {
  await tour();
} catch (error) {
  console.error(`\nThe tour stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
