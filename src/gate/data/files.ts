import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { InputError } from '../../errors.ts';

/** The gate's door to the file system: all that reads data sets goes through one of these. */
export interface Files {
  /** The files that a path or glob (`*`, `**`, `?`) names, in the order of their names, relative to the root where they lie in it. */
  expand(pattern: string): string[];
  read(path: string): Uint8Array;
  /** Bytes of a file. */
  size(path: string): number;
  /** `path` made absolute. */
  locate(path: string): string;
}

const MOST_FILES = 1_000_000;
const MOST_BYTES = 2 ** 31 - 1;

/** The files under `root`; relative paths count from there. */
export function openFiles(root: string): Files {
  const locate = (path: string) => (isAbsolute(path) ? normalize(path) : resolve(root, path));
  const shorten = (full: string) => {
    const inside = relative(root, full);
    return inside.startsWith('..') || isAbsolute(inside) ? full : inside.split(sep).join('/');
  };
  const stat = (path: string, wanted: string) => {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info === undefined)
      throw new InputError(`${wanted}: no such file (looked in ${root}); paths count from the working directory`);
    if (!info.isFile()) throw new InputError(`${wanted}: not a file`);
    return info;
  };
  return {
    locate,
    size: (path) => stat(locate(path), path).size,
    read(path) {
      const full = locate(path);
      if (stat(full, path).size > MOST_BYTES)
        throw new InputError(`${path}: larger than 2 GiB; split it into several files`);
      const bytes = readBytes(full, path);
      if (
        bytes.length < 1024 &&
        Buffer.from(bytes.subarray(0, 40)).toString('latin1').startsWith('version https://git-lfs')
      ) {
        throw new InputError(
          `${path}: a Git LFS pointer, not the file itself; run "git lfs pull", or set "lfs: true" on actions/checkout`,
        );
      }
      return bytes;
    },
    expand(pattern) {
      if (!/[*?]/.test(pattern)) {
        stat(locate(pattern), pattern);
        return [shorten(locate(pattern))];
      }
      const parts = locate(pattern).split(sep);
      const first = parts.findIndex((part) => /[*?]/.test(part));
      const found: string[] = [];
      walk(parts.slice(0, first).join(sep) || sep, parts.slice(first), found, pattern);
      if (found.length === 0)
        throw new InputError(`${pattern}: matches no file under ${root}; check the glob in the configuration`);
      return found.map(shorten).sort();
    },
  };
}

function readBytes(full: string, path: string): Uint8Array {
  try {
    return readFileSync(full);
  } catch (error) {
    throw new InputError(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`,
    );
  }
}

/** Collects the files under `folder` that the rest of a glob names. Hidden ones only where the glob writes the dot. */
function walk(folder: string, rest: readonly string[], found: string[], pattern: string): void {
  if (found.length > MOST_FILES) throw new InputError(`${pattern}: matches more than ${MOST_FILES} files`);
  const [part, ...after] = rest;
  if (part !== '**' && !/[*?]/.test(part)) {
    const next = join(folder, part);
    if (after.length > 0) walk(next, after, found, pattern);
    else if (existsSync(next) && statSync(next).isFile()) found.push(next);
    return;
  }
  if (part === '**' && after.length > 0) walk(folder, after, found, pattern);
  for (const entry of list(folder)) {
    if (entry.name.startsWith('.') && !part.startsWith('.')) continue;
    const next = join(folder, entry.name);
    // A symbolic link is followed to a file, never to a folder: no loops.
    const isFile =
      entry.isFile() || (entry.isSymbolicLink() && statSync(next, { throwIfNoEntry: false })?.isFile() === true);
    if (part === '**') {
      if (entry.isDirectory()) walk(next, rest, found, pattern);
      else if (after.length === 0 && isFile) found.push(next);
    } else if (wildcard(part, entry.name)) {
      if (after.length > 0 && entry.isDirectory()) walk(next, after, found, pattern);
      else if (after.length === 0 && isFile) found.push(next);
    }
  }
}

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Whether `name` fits `pattern`, in which `*` stands for any text and `?` for one character. At most quadratic. */
export function wildcard(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let mark = 0;
  while (n < name.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
