import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);
const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** Somebody else's project: what npm would publish stands in its node_modules. */
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "stipend-react-"));
  const packed = join(project, "packed");
  mkdirSync(packed);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: ROOT, stdio: "pipe" });
  execFileSync("tar", ["-xzf", join(packed, `stipend-react-${version()}.tgz`), "-C", packed]);
  cpSync(join(packed, "package"), join(project, "node_modules", "@stipend", "react"), { recursive: true });
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  link("react", "react");
}, 60_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

function version(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  return version;
}

/** Puts one of our dependencies into the project, under a name. */
function link(installed: string, name: string): void {
  const path = join(project, "node_modules", name);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(folderOf(installed), path);
}

test("what is published has all that package.json promises, and nothing that points to what is not", () => {
  const installed = join(project, "node_modules", "@stipend", "react");
  const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    exports: Record<string, { types: string; default: string } | string>;
  };
  for (const target of Object.values(exports)) {
    for (const path of typeof target === "string" ? [target] : [target.types, target.default]) {
      expect(readFileSync(join(installed, path), "utf8"), path).not.toMatch(/from "\.[^"]*\.tsx?"/);
    }
  }
});

test("it loads where there is no browser, with React as its only dependency", () => {
  const program = `
    const { createCreditsStore, CreditsError } = await import("@stipend/react/core");
    const { CreditsProvider, useCredits } = await import("@stipend/react");
    const { zhCN } = await import("@stipend/react/zh-cn");
    console.log([createCreditsStore, CreditsError, CreditsProvider, useCredits].map((one) => typeof one), typeof zhCN);`;
  writeFileSync(join(project, "load.mjs"), program);
  const said = execFileSync(process.execPath, ["load.mjs"], { cwd: project, encoding: "utf8" });
  expect(said.trim()).toBe("[ 'function', 'function', 'function', 'function' ] object");
});

/** What the examples of the README take for granted. */
const AROUND = {
  tsx: `interface User { readonly id: string; getAccessToken(): Promise<string>; forget(): void }`,
  ts: `declare const userId: string; declare function getToken(): Promise<string>;
    declare function render(spendable: number | null): void; declare function toast(text: string): void;`,
};

function writeExamples(): void {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^```(tsx?)\n(.*?)^```$/gms)];
  expect(examples.length).toBeGreaterThan(1);
  for (const [index, [, kind, code]] of examples.entries()) {
    const around = AROUND[kind as keyof typeof AROUND];
    writeFileSync(join(project, `example-${index}.${kind}`), `${around}\n${code}\nexport {};\n`);
  }
  // A bundler's business.
  writeFileSync(join(project, "css.d.ts"), 'declare module "*.css";\n');
}

test.each([
  ["19", "@types/react", "bundler"],
  ["18", "types-react-18", "bundler"],
  ["19", "@types/react", "nodenext"],
])(
  "the README's examples compile with the types of React %s (%s, %s)",
  (_react, types, moduleResolution) => {
    writeExamples();
    link(types, "@types/react");
    // What the types of React need themselves; those of 18 the second as well.
    for (const needed of ["csstype", "@types/prop-types"]) link(needed, needed);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable"],
      jsx: "react-jsx",
      module: moduleResolution === "nodenext" ? "nodenext" : "esnext",
      moduleResolution,
      preserveSymlinks: true,
      types: [],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts", "*.tsx"] }));
    const { status, stdout } = compile();
    expect(stdout).toBe("");
    expect(status).toBe(0);
  },
  30_000,
);

function compile(): { status: number; stdout: string } {
  try {
    return { status: 0, stdout: execFileSync("tsc", ["-p", project], { cwd: project, encoding: "utf8" }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, stdout };
  }
}
