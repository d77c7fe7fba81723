import { describeFailure, LauncherError } from "@stipend/local/errors";

const ATTEMPTS = 4;

/**
 * Runs a start that chooses free ports by itself. A port may be taken between its choice and its use: then once more,
 * with others, a bounded number of times.
 *
 * @throws Error whose message holds the last lines of the log of the part that failed: the log goes with the temporary home.
 */
export async function withFreePorts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      const again = error instanceof LauncherError && error.code === "port_taken" && count < ATTEMPTS;
      if (!again) throw new Error(describeFailure(error), { cause: error });
    }
  }
}
