import { readFile } from "node:fs/promises";
import { parseAnchorLine } from "@stipend/proto/audit/anchor";
import { type ChainHead, furthest } from "@stipend/proto/audit/chain";
import type { KnownHead } from "@stipend/proto/audit/verify";
import { CliFailure, EXIT } from "../failure.ts";
import { callersPath, type Shell } from "../shell.ts";

/**
 * The head that somebody kept elsewhere; null: none was given.
 * @throws CliFailure usage.
 */
export async function anchorOf(
  shell: Shell,
  flags: { readonly anchor?: string; readonly anchorFile?: string },
): Promise<KnownHead | null> {
  if (flags.anchor !== undefined && flags.anchorFile !== undefined) {
    throw new CliFailure(EXIT.usage, "give --anchor or --anchor-file, not both");
  }
  if (flags.anchor !== undefined) return { ...headOf("--anchor", flags.anchor), source: "the anchor given" };
  if (flags.anchorFile === undefined) return null;
  const path = callersPath(shell, flags.anchorFile);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CliFailure(EXIT.usage, `the anchor file can't be read: ${String(cause)}`, { cause });
  });
  const head = furthest(text.split("\n").map(parseAnchorLine));
  if (head === null) throw new CliFailure(EXIT.usage, `${flags.anchorFile} holds no head`);
  return { ...head, source: `the file ${flags.anchorFile}` };
}

/** @throws CliFailure usage. */
export function cutOf(text: string | undefined): ChainHead | undefined {
  return text === undefined ? undefined : headOf("--after", text);
}

function headOf(flag: string, text: string): ChainHead {
  const found = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (found === null) throw new CliFailure(EXIT.usage, `${flag} is <number>:<64 hexadecimal digits>, not "${text}"`);
  return { seq: Number(found[1]), hash: String(found[2]) };
}
