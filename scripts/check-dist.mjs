/** Rebuilds the bundles beside the committed ones and names every file of dist/ that differs. Exit status 1 when one does. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const committed = join(root, 'dist');
const rebuilt = join(root, 'build', 'dist');

// From nothing: an incremental build would keep the output of sources that are gone.
rmSync(join(root, 'build', 'js'), { recursive: true, force: true });
rmSync(join(root, 'build', 'build.tsbuildinfo'), { force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(1);
await bundle(rebuilt);

/** Every file below a folder, by its path from there. */
const filesOf = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    : [];
const bytesOf = (folder, file) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file)) : null);

const files = [...new Set([...filesOf(committed), ...filesOf(rebuilt)])].sort();
const differing = files.filter((file) => {
  const [was, is] = [bytesOf(committed, file), bytesOf(rebuilt, file)];
  return was === null || is === null || !was.equals(is);
});
rmSync(rebuilt, { recursive: true, force: true });
if (differing.length > 0) {
  process.stderr.write(`dist/ does not match the sources; run npm run bundle and commit it. Differing:\n`);
  for (const file of differing) process.stderr.write(`  dist/${file}\n`);
  process.exit(1);
}
process.stdout.write(`dist/ matches the sources (${files.length} files)\n`);
