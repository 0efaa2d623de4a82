/**
 * Bundles build/js into dist/, which is committed: GitHub runs an action as it stands in the repository, and the
 * command runs from a clone with no install. The same sources and lock give the same bytes.
 *
 *   npm run bundle            compile, then write dist/
 */
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ncc from '@vercel/ncc';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where each bundle comes from (in build/js) and goes to (in dist). */
const entries = { 'cli/index.js': 'cli', 'action/index.js': 'gate' };

/** Files that packages read beside their code: each bundle has them in its own folder. */
const assets = ['@alexaltea/capstone-js/dist/capstone.wasm'];

/** Writes all bundles into `out`, which is replaced as a whole. */
export async function bundle(out) {
  process.chdir(root); // webpack names modules by their path from here
  const fresh = `${out}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  for (const [entry, name] of Object.entries(entries)) {
    const { code, assets: found } = await ncc(join(root, 'build', 'js', entry), {
      esm: true,
      cache: false,
      minify: false,
      sourceMap: false,
      license: 'licenses.txt',
      quiet: true,
    });
    const folder = join(fresh, name);
    for (const [file, { source }] of Object.entries({ ...found, 'index.js': { source: code } })) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), source);
    }
    for (const asset of assets) copyFileSync(join(root, 'node_modules', asset), join(folder, basename(asset)));
  }
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await bundle(join(root, 'dist'));
