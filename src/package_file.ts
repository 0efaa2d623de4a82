import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from './errors.ts';

/**
 * Where a file lies that an npm package brings: beside the bundle, or in `packages` beside all bundles, where
 * scripts/bundle.mjs puts it; else in the installed package.
 *
 * @param specifier as an import names it, e.g. `@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm`
 * @throws EnvironmentError when the installation is incomplete
 */
export function packagePath(specifier: string): string {
  const here = fileURLToPath(import.meta.url);
  const name = basename(specifier);
  const beside = [join(dirname(here), name), join(dirname(here), '..', 'packages', name)].find((path) =>
    existsSync(path),
  );
  try {
    return beside ?? createRequire(here).resolve(specifier);
  } catch (error) {
    throw incomplete(specifier, error);
  }
}

/** The bytes of such a file. */
export function packageFile(specifier: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(packagePath(specifier)));
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw incomplete(specifier, error);
  }
}

const incomplete = (specifier: string, cause: unknown): EnvironmentError =>
  new EnvironmentError(
    `the installation is incomplete: ${basename(specifier)} is missing (looked in ${dirname(fileURLToPath(import.meta.url))}). Install int8-gate again.`,
    { cause },
  );
