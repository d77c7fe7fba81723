/**
 * Completes package-lock.json: `node deploy/local/tools/complete-lock.mjs [--check]`.
 *
 * npm leaves an optional package for another platform out of the lock when it could not resolve it while the lock was
 * written, and then `npm ci` refuses the lock everywhere ("Missing: … from lock file"). Such a package is named with its exact
 * version by the package that wants it, and its platform stands in its name, so the entry can be written without the registry.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = {
  arm: "arm",
  arm64: "arm64",
  armv7: "arm",
  ia32: "ia32",
  loong64: "loong64",
  mips64el: "mips64el",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  x64: "x64",
};

/** "a/node_modules/b" → itself and every folder outside it, the root ("") last. */
function outwards(path) {
  const outer = path
    .split("/node_modules/")
    .map((_, index, all) => all.slice(0, all.length - index).join("/node_modules/"));
  return [...outer, ""];
}

/** True when a package at `path` finds `name` in its own or an outer node_modules. */
function isLocked(packages, path, name) {
  return outwards(path).some((folder) => packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`]);
}

function libcOf(parts, os) {
  if (parts.some((part) => part.startsWith("musl"))) return { libc: ["musl"] };
  return os === "linux" && parts.some((part) => part.startsWith("gnu")) ? { libc: ["glibc"] } : {};
}

/** The lock's entry of a platform package, or undefined when its name does not tell the platform. */
function entryFor(name, version, dev) {
  const parts = name.split("/").at(-1).split("-");
  const os = parts.find((part) => SYSTEMS.includes(part));
  const cpu = parts.map((part) => PROCESSORS[part]).find((found) => found !== undefined);
  if (!os || !cpu || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) return undefined;
  return { version, cpu: [cpu], ...(dev ? { dev: true } : {}), ...libcOf(parts, os), optional: true, os: [os] };
}

/** Platform packages that the lock names but does not hold: name → entry. */
export function missingEntries(lock) {
  const missing = {};
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(lock.packages, path, name)) continue;
      const made = entryFor(name, version, entry.dev === true);
      if (made) missing[`node_modules/${name}`] = made;
    }
  }
  return missing;
}

function main() {
  const file = join(resolve(dirname(fileURLToPath(import.meta.url)), "..", "..", ".."), "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const missing = missingEntries(lock);
  const names = Object.keys(missing);
  if (names.length === 0) return;
  if (process.argv.includes("--check")) {
    console.error(
      `package-lock.json lacks ${names.length} platform packages: run node deploy/local/tools/complete-lock.mjs`,
    );
    process.exitCode = 1;
    return;
  }
  const all = Object.entries({ ...lock.packages, ...missing });
  lock.packages = Object.fromEntries(all.sort(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.error(`package-lock.json: added ${names.length} platform packages`);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) main();
