import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Smaller ones gain nothing. */
const WORTH_BYTES = 1_000;

/** Writes name.br and name.gz beside every script and style, so that the gateway compresses nothing itself. */
export async function compress(dist: string): Promise<void> {
  const toBrotli = promisify(brotliCompress);
  const toGzip = promisify(gzip);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } };
  for (const name of globSync("assets/*.{js,css,svg}", { cwd: dist })) {
    const file = join(dist, name);
    const text = await readFile(file);
    if (text.length < WORTH_BYTES) continue;
    await writeFile(`${file}.br`, await toBrotli(text, quality));
    await writeFile(`${file}.gz`, await toGzip(text, { level: 9 }));
  }
}
