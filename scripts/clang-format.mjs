/**
 * The layout of the C in native/, by native/.clang-format:
 *
 *   node scripts/clang-format.mjs [--write]      lists files that are laid out otherwise (exit status 1), or lays them out
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from '@wasm-fmt/clang-format';

const native = join(import.meta.dirname, '..', 'native');
const style = readFileSync(join(native, '.clang-format'), 'utf8');

/** Some macros take clang-format two passes until it leaves its own layout as it is. */
function laidOut(text, file) {
  for (let passes = 0; passes < 4; passes++) {
    const next = format(text, file, style);
    if (next === text) return text;
    text = next;
  }
  throw new Error(
    `clang-format does not come to an end with native/${file}: put a part between clang-format off and on`,
  );
}

const write = process.argv.includes('--write');
const files = readdirSync(native, { recursive: true }).filter((file) => /\.[ch]$/.test(file));
for (const file of files.sort()) {
  const path = join(native, file);
  const text = readFileSync(path, 'utf8');
  const wanted = laidOut(text, file);
  if (wanted === text) continue;
  if (write) writeFileSync(path, wanted);
  else {
    process.stderr.write(`native/${file}: npm run format lays it out\n`);
    process.exitCode = 1;
  }
}
