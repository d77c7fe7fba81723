import { rmSync } from "node:fs";
import { join } from "node:path";
import { dockerAnswers } from "../engines/docker-cli.ts";
import { removeDockerData } from "../engines/docker-engines.ts";
import { pathsOf } from "../paths.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Settings } from "../settings.ts";

/** Empties the data of this system's own engines. Signing keys and downloads stay; engines given by URL are not touched. */
export async function emptyData(settings: Settings, reporter: Reporter): Promise<void> {
  const paths = pathsOf(settings.home);
  if (settings.engines !== "native" && (await dockerAnswers())) await removeDockerData(paths);
  rmSync(paths.data, { recursive: true, force: true });
  rmSync(join(paths.keys, "passwords"), { recursive: true, force: true });
  const given = Object.keys(settings.given);
  if (given.length > 0) {
    reporter.emit({ kind: "note", text: `--fresh: engines given by URL keep what they hold (${given.join(", ")}).` });
  }
}
