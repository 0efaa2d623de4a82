/**
 * Bundles build/js into dist/, which is committed: GitHub runs an action as it stands in the repository, and the
 * command runs from a clone with no install. The same sources and lock give the same bytes.
 *
 *   npm run bundle            compile, then write dist/
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ncc from '@vercel/ncc';

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where each bundle comes from (in build/js) and goes to (in dist). */
const entries = { 'cli/index.js': 'cli', 'action/index.js': 'gate' };

/** Files of packages that src/package_file.ts reads: they lie beside every bundle, under their own names. */
const packageFiles = ['@alexaltea/capstone-js/dist/capstone.wasm', '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'];

/** Files that src/package_file.ts finds beside all bundles: LiteRT, 9 MB, lies there once. */
const sharedFiles = [
  '@litertjs/core/wasm/litert_wasm_compat_internal.js',
  '@litertjs/core/wasm/litert_wasm_compat_internal.wasm',
  '@litertjs/core/package.json', // names its licence
];

/** What runs TF.js models: a program of its own, which src/gate/engines/tfjs/child.ts starts; nothing else loads it. */
const tfjs = {
  source: 'native/reference/tfjs.cjs',
  wasm: '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
};

/** Writes all bundles into `out`, which is replaced as a whole. */
export async function bundle(out) {
  process.chdir(root); // webpack names modules by their path from here
  const fresh = `${out}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  for (const [entry, name] of Object.entries(entries)) {
    const { code, assets } = await ncc(join(root, 'build', 'js', entry), {
      esm: true,
      cache: false,
      minify: false,
      sourceMap: false,
      license: 'licenses.txt',
      quiet: true,
    });
    const folder = join(fresh, name);
    for (const [file, { source }] of Object.entries({ ...assets, 'index.js': { source: code } })) {
      if (file.endsWith('.wasm')) continue; // under a name made of its hash; packageFiles has it
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), source);
    }
    for (const file of packageFiles) writeFileSync(join(folder, basename(file)), readFileSync(require.resolve(file)));
  }
  const shared = join(fresh, 'packages');
  mkdirSync(shared);
  for (const file of sharedFiles) {
    const name = basename(file) === 'package.json' ? 'litert-package.json' : basename(file);
    writeFileSync(join(shared, name), readFileSync(require.resolve(file)));
  }
  const { code, assets } = await ncc(join(root, tfjs.source), {
    ...{ esm: false, cache: false, minify: true, sourceMap: false, license: 'licenses.txt', quiet: true },
  });
  const folder = join(fresh, 'tfjs');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.cjs'), code);
  writeFileSync(join(folder, 'licenses.txt'), assets['licenses.txt'].source);
  writeFileSync(join(folder, basename(tfjs.wasm)), readFileSync(require.resolve(tfjs.wasm)));
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await bundle(join(root, 'dist'));
