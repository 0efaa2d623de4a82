import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, cacheRoot, contentKey } from '../../compiler/toolchain/index.ts';
import { fingerprint } from '../../runtime/devices/machine.ts';
import type { BuildRunner } from './build.ts';
import type { ForeignRunner } from './engine.ts';

/**
 * What `make` gives, or gave in an earlier run of this very program for the same parts (docs/cache.md). For results that the
 * parts determine: never for times.
 *
 * @param parse reads what JSON made of it; throws where it is no such thing
 */
export async function kept<T>(
  parts: readonly (string | Uint8Array)[],
  parse: (value: unknown) => T,
  make: () => Promise<T>,
): Promise<T> {
  const { arch, model } = fingerprint();
  const key = contentKey(['result 1', programDigest(), arch, model, ...parts]);
  let made: { readonly value: T } | null = null;
  const folder = await cached(cacheRoot(), key, async (cwd) => {
    made = { value: await make() };
    await writeFile(join(cwd, 'result.json'), JSON.stringify(made.value));
  });
  if (made !== null) return (made as { readonly value: T }).value;
  return parse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')));
}

/** What decides the outputs of a build: the program that it is linked into, which of the program's builds it is, and the device; or what another library says. */
export function identityOf(runner: BuildRunner | ForeignRunner): (string | Uint8Array)[] {
  if ('identity' in runner) return [runner.identity];
  const { build, device, image } = runner;
  return [`${image.builds.indexOf(build)} ${build.target.name} ${device.kind}`, readFileSync(image.executable)];
}

let digest: string | null = null;

/** SHA-256 of this program: a change of any statistic makes all results anew. */
function programDigest(): string {
  if (digest !== null) return digest;
  const here = fileURLToPath(import.meta.url);
  // A bundle is one file; else this one lies in gate/engines below the folder of all sources.
  const folder = basename(dirname(here)) === 'engines' ? join(dirname(here), '..', '..') : null;
  const names = folder === null ? [here] : readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const hash = createHash('sha256');
  for (const name of names.filter((file) => /\.[jt]s$/.test(file)))
    hash.update(readFileSync(resolve(folder ?? '', name)));
  digest = hash.digest('hex');
  return digest;
}
