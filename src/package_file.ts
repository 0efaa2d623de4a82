import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from './errors.ts';

/**
 * The bytes of a file that an npm package brings: from beside the bundle, where scripts/bundle.mjs puts it, else from
 * the installed package.
 *
 * @param specifier as an import names it, e.g. `@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm`
 * @throws EnvironmentError when the installation is incomplete
 */
export function packageFile(specifier: string): Uint8Array<ArrayBuffer> {
  const here = fileURLToPath(import.meta.url);
  const beside = join(dirname(here), basename(specifier));
  try {
    return new Uint8Array(readFileSync(existsSync(beside) ? beside : createRequire(here).resolve(specifier)));
  } catch (error) {
    throw new EnvironmentError(
      `the installation is incomplete: ${basename(specifier)} is missing (looked in ${dirname(here)}). Install int8-gate again.`,
      { cause: error },
    );
  }
}
