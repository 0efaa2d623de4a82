import { createHash } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Written last: an entry without it is not whole. */
const MANIFEST = 'entry.json';

interface Manifest {
  readonly key: string;
  /** Every other file of the entry. */
  readonly files: Readonly<Record<string, Digest>>;
}
interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

const digest = (bytes: Uint8Array): Digest => ({
  bytes: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** Writes down what the files of a finished entry hold. */
export async function sealEntry(folder: string, key: string): Promise<void> {
  const names = (await readdir(folder)).sort();
  const files = await Promise.all(
    names.map(async (name) => [name, digest(await readFile(join(folder, name)))] as const),
  );
  const manifest: Manifest = { key, files: Object.fromEntries(files) };
  await writeFile(join(folder, MANIFEST), JSON.stringify(manifest));
}

/** Whether `folder` is the entry of `key` and every byte of it is as it was written. */
export async function isWhole(folder: string, key: string): Promise<boolean> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
    const names = Object.keys(manifest.files);
    const found = (await readdir(folder)).filter((name) => name !== MANIFEST);
    if (manifest.key !== key || found.length !== names.length) return false;
    const checks = names.map(async (name) => {
      const { bytes, sha256 } = digest(await readFile(join(folder, name)));
      return bytes === manifest.files[name].bytes && sha256 === manifest.files[name].sha256;
    });
    return (await Promise.all(checks)).every(Boolean);
  } catch {
    return false; // not there, or nothing of ours: made again
  }
}

/** Says that an entry was used now: those that nobody used for the longest time are the first to go. */
export async function noteUse(folder: string): Promise<void> {
  const now = new Date();
  await utimes(join(folder, MANIFEST), now, now).catch(() => {}); // a cache that can only be read is one all the same
}

/** The file of an entry whose time is that of its last use. */
export const useFile = (folder: string): string => join(folder, MANIFEST);
