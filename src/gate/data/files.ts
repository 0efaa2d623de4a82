import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { InputError } from '../../errors.ts';

/** The gate's door to the file system: all that reads data sets goes through one of these. */
export interface Files {
  /** The files that a path or glob (`*`, `**`, `?`, `[0-9]`, `{a,b}`) names, in the order of their names, relative to the root where they lie in it. */
  expand(pattern: string): string[];
  read(path: string): Uint8Array;
  /** Bytes of a file. */
  size(path: string): number;
  /** SHA-256 of a file's content in hex; where it is a Git LFS pointer, of the content that it stands for. */
  digest(path: string): string;
  exists(path: string): boolean;
  /** `path` made absolute. */
  locate(path: string): string;
}

const MOST_FILES = 1_000_000;
const MOST_BYTES = 2 ** 31 - 1;

export interface FilesOptions {
  /** A folder that nothing leads out of, neither `..` nor a symbolic link: for files that are not trusted. */
  readonly within?: string;
  /** The content that the Git LFS pointer at `path` stands for. @throws InputError where it is not at hand */
  readonly lfsObject?: (sha256: string, path: string) => Uint8Array;
}

/** The files under `root`; relative paths count from there. */
export function openFiles(root: string, { within, lfsObject = refusePointer }: FilesOptions = {}): Files {
  const locate = (path: string) => (isAbsolute(path) ? normalize(path) : resolve(root, path));
  const inside = within === undefined ? null : realpathSync(within);
  const exists = (full: string) => existsSync(full) && !leadsOut(full, inside);
  const shorten = (full: string) => {
    const below = relative(root, full);
    return below.startsWith('..') || isAbsolute(below) ? full : below.split(sep).join('/');
  };
  const stat = (path: string, wanted: string) => {
    const info = statSync(path, { throwIfNoEntry: false });
    if (info === undefined)
      throw new InputError(`${wanted}: no such file (looked in ${root}); paths count from the working directory`);
    if (leadsOut(path, inside)) throw new InputError(`${wanted}: leads out of the repository, and is not followed`);
    if (info.isDirectory()) throw new InputError(`${wanted}: is a folder; give the path of a file`);
    if (!info.isFile()) throw new InputError(`${wanted}: not a file`);
    return info;
  };
  return {
    locate,
    exists: (path) => exists(locate(path)),
    size: (path) => stat(locate(path), path).size,
    read(path) {
      const full = locate(path);
      if (stat(full, path).size > MOST_BYTES)
        throw new InputError(`${path}: larger than 2 GiB; split it into several files`);
      const bytes = readBytes(full, path);
      const pointer = lfsPointer(bytes);
      return pointer === null ? bytes : lfsObject(pointer, path);
    },
    digest(path) {
      const full = locate(path);
      stat(full, path);
      const bytes = readBytes(full, path);
      return lfsPointer(bytes) ?? createHash('sha256').update(bytes).digest('hex');
    },
    expand(pattern) {
      const full = locate(pattern);
      // A file of that very name comes first: names may hold brackets and braces.
      if (!MAGIC.test(pattern) || exists(full)) {
        if (statSync(full, { throwIfNoEntry: false })?.isDirectory())
          throw new InputError(`${pattern}: is a folder; for the files in it write ${pattern}/*`);
        stat(full, pattern);
        return [shorten(full)];
      }
      const parts = full.split(sep);
      const first = parts.findIndex((part) => MAGIC.test(part));
      const found: string[] = [];
      walk(parts.slice(0, first).join(sep) || sep, stepsOf(parts.slice(first), pattern), found, pattern);
      if (found.length === 0)
        throw new InputError(`${pattern}: matches no file under ${root}; check the glob in the configuration`);
      // Two ways of a glob with several ** may lead to one file.
      return [...new Set(found)].map(shorten).sort();
    },
  };
}

function refusePointer(_sha256: string, path: string): never {
  throw new InputError(
    `${path}: a Git LFS pointer, not the file itself; run "git lfs pull", or set "lfs: true" on actions/checkout`,
  );
}

/** Whether a file that is there lies elsewhere than in the folder that nothing may lead out of. */
const leadsOut = (full: string, inside: string | null): boolean =>
  inside !== null && existsSync(full) && !`${realpathSync(full)}${sep}`.startsWith(`${inside}${sep}`);

/** The SHA-256 in a Git LFS pointer; null for every other file. Its format: the specification of Git LFS, docs/spec.md there. */
function lfsPointer(bytes: Uint8Array): string | null {
  if (bytes.length >= 1024) return null;
  const text = Buffer.from(bytes).toString('latin1');
  if (!text.startsWith('version https://git-lfs')) return null;
  return /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1] ?? '';
}

/** What makes a path a glob. */
const MAGIC = /[*?[\]{}]/;
/** Stars in the name of a file or folder: what a pattern costs grows with the power of their number. */
const MOST_STARS = 4;

/** What a glob says of one folder or file of a path. */
type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'any depth' }
  | { readonly kind: 'glob'; readonly hidden: boolean; fits(name: string): boolean };

function stepsOf(parts: readonly string[], pattern: string): Step[] {
  const open = unclosed(parts.join(sep));
  if (open !== null) throw new InputError(`${pattern}: not a glob ("${open}" without its partner); correct it`);
  return parts.map((part) => {
    if (part === '**') return { kind: 'any depth' };
    if (!MAGIC.test(part)) return { kind: 'name', name: part };
    if (part.split('*').length - 1 > MOST_STARS)
      throw new InputError(`${pattern}: more than ${MOST_STARS} stars in "${part.slice(0, 40)}"; write a simpler glob`);
    if (part.split('{').length !== part.split('}').length)
      throw new InputError(`${pattern}: alternatives cannot hold folders ({a/b,c}); give data.inputs a list of globs`);
    try {
      const fits = picomatch(part.replaceAll('[!', '[^'), { noextglob: true, nonegate: true });
      return { kind: 'glob', hidden: /^[{[]*\./.test(part), fits };
    } catch (error) {
      throw new InputError(`${pattern}: not a glob (${(error as Error).message})`, { cause: error });
    }
  });
}

/** A bracket or brace of a glob that has no partner. */
function unclosed(glob: string): string | null {
  const braces = glob.replaceAll(/\[[^\]/]+\]/g, '').replaceAll(/[^[{}]/g, '');
  const left = braces.replaceAll('{}', '');
  return left === braces ? (left[0] ?? null) : unclosed(left);
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
function walk(folder: string, [step, ...after]: readonly Step[], found: string[], pattern: string): void {
  if (found.length > MOST_FILES) throw new InputError(`${pattern}: matches more than ${MOST_FILES} files`);
  if (step.kind === 'name') {
    const next = join(folder, step.name);
    if (after.length > 0) walk(next, after, found, pattern);
    else if (existsSync(next) && statSync(next).isFile()) found.push(next);
    return;
  }
  if (step.kind === 'any depth' && after.length > 0) walk(folder, after, found, pattern);
  for (const entry of list(folder)) {
    if (entry.name.startsWith('.') && !(step.kind === 'glob' && step.hidden)) continue;
    const next = join(folder, entry.name);
    // A symbolic link is followed to a file, never to a folder: no loops.
    const isFile =
      entry.isFile() || (entry.isSymbolicLink() && statSync(next, { throwIfNoEntry: false })?.isFile() === true);
    if (step.kind === 'any depth') {
      if (entry.isDirectory()) walk(next, [step, ...after], found, pattern);
      else if (after.length === 0 && isFile) found.push(next);
    } else if (step.fits(entry.name)) {
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
