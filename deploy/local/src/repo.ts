import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository's root, wherever the launcher was called from. */
export const REPO_ROOT: string = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
