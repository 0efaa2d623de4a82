import { randomBytes } from 'node:crypto';
import { constants, fstatSync, rmSync, type Stats } from 'node:fs';
import { chmod, chown, type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, undoOnInterrupt } from '../compiler/toolchain/index.ts';
import { EnvironmentError, InputError, isShortage, reasonOf } from '../errors.ts';

type Content = string | Uint8Array;

/** A file that is ready to appear: nothing but `commit` changes what stands at its path. */
interface Staged {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/**
 * Writes files into a folder, which is made if need be. All are complete before the first appears, and each appears by
 * rename, in order: there is never half a file, and what stood there before stays if a disk is full. Symbolic links are
 * followed; pipes and devices are written to as they are.
 * @throws InputError where a path cannot be written, EnvironmentError where the disk is full or cannot be written.
 */
export async function writeFiles(
  folder: string,
  files: readonly (readonly [name: string, content: Content])[],
): Promise<void> {
  const found = await stat(folder).catch(() => null);
  if (found !== null && !found.isDirectory())
    throw new InputError(`cannot write into ${folder}: it is ${kindOf(found)}, no folder; give the path of a folder`);
  await writeAll(files.map(([name, content]) => [join(folder, name), content] as const));
}

/** Writes one file in the same way; `-` is standard output. */
export const writeOutput = (path: string, content: Content): Promise<void> => writeAll([[path, content]]);

/**
 * The stream for what people read: standard output, but standard error where one of the machine-readable `paths` takes that.
 */
export async function streamBeside(...paths: readonly (string | undefined)[]): Promise<NodeJS.WriteStream> {
  for (const path of paths) if ((await streamBesideOne(path)) === process.stderr) return process.stderr;
  return process.stdout;
}

async function streamBesideOne(path: string | undefined): Promise<NodeJS.WriteStream> {
  if (path === undefined || path === devNull) return process.stdout;
  const found = path === '-' ? null : await stat(path).catch(() => null);
  return path === '-' || (found !== null && isSame(found, 1)) ? process.stderr : process.stdout;
}

async function writeAll(files: readonly (readonly [path: string, content: Content])[]): Promise<void> {
  const staged: Staged[] = [];
  try {
    for (const [path, content] of files) staged.push(await blaming(path, () => stage(path, content)));
    for (const [i, file] of staged.entries()) await blaming(files[i][0], () => file.commit());
  } finally {
    for (const file of staged) await file.abort();
  }
}

/** Turns what goes wrong into an error that names the path and what to do. */
async function blaming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError || error instanceof EnvironmentError) throw error;
    if (!isShortage(error)) {
      throw new InputError(`cannot write ${path}: ${reasonOf(error)}; give a path that can be written`, {
        cause: error,
      });
    }
    throw new EnvironmentError(
      `cannot write ${path}: ${reasonOf(error)}. Nothing there was changed; make room in ${dirname(resolve(path))}, or give another path`,
      { cause: error },
    );
  }
}

const kindOf = (found: Stats): string =>
  found.isFile() ? 'a file' : found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device';

async function stage(path: string, content: Content): Promise<Staged> {
  if (path === '-') return toStream(process.stdout, content);
  const found = await stat(path).catch((error) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return toFile(await destination(path), content, null);
  // Also what /dev/stdout is, or a file that standard output is redirected to: it must not be replaced under our feet.
  if (isSame(found, 1)) return toStream(process.stdout, content);
  if (isSame(found, 2)) return toStream(process.stderr, content);
  if (found.isDirectory()) throw new InputError(`cannot write ${path}: it is a folder; give the path of a file`);
  if (found.isFile()) {
    if ((found.mode & 0o222) === 0)
      throw new InputError(`cannot write ${path}: it is read-only; make it writable, or give another path`);
    return toFile(await realpath(path), content, found);
  }
  if (found.isFIFO() || found.isCharacterDevice()) return toDevice(path, content);
  throw new InputError(`cannot write ${path}: it is a block device or a socket; give the path of a file`);
}

/** Where a new file comes to stand: a link that leads to nothing is followed. */
async function destination(path: string): Promise<string> {
  let here = resolve(path);
  for (let links = 0; links < 40; links++) {
    await makeFolder(dirname(here));
    const found = await lstat(here).catch(() => null);
    if (found === null || !found.isSymbolicLink()) return here;
    here = resolve(await realpath(dirname(here)), await readlink(here));
  }
  throw new InputError(`cannot write ${path}: too many symbolic links`);
}

function isSame(file: Stats, descriptor: number): boolean {
  try {
    const { dev, ino } = fstatSync(descriptor);
    return file.dev === dev && file.ino === ino;
  } catch {
    return false; // closed
  }
}

/** A new file beside the old one that takes its place, mode and owner included. */
async function toFile(path: string, content: Content, old: Stats | null): Promise<Staged> {
  const fresh = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`);
  const abort = () => rm(fresh, { force: true });
  const forget = undoOnInterrupt(() => rmSync(fresh, { force: true }));
  const end = async () => {
    await abort();
    forget();
  };
  try {
    const file = await open(fresh, 'wx');
    try {
      await file.writeFile(content);
      await file.sync(); // before the rename: after a power cut there is the old file or the new one
    } finally {
      await file.close();
    }
    if (old !== null) {
      await chown(fresh, old.uid, old.gid).catch(() => {});
      await chmod(fresh, old.mode & 0o7777);
    }
  } catch (error) {
    await end();
    throw error;
  }
  return { commit: () => rename(fresh, path), abort: end };
}

/** What was written to a pipe or a device cannot be taken back: it is opened first and written last. */
async function toDevice(path: string, content: Content): Promise<Staged> {
  const device = await openDevice(path);
  return {
    async commit() {
      let rest = Buffer.from(content as string);
      let waited = 0;
      while (rest.length > 0) {
        try {
          const { bytesWritten } = await device.write(rest);
          rest = rest.subarray(bytesWritten);
          waited = 0;
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code === 'EPIPE') return; // who reads has seen enough
          if (code !== 'EAGAIN' || waited > PATIENCE_MS) throw error;
          await sleep(PAUSE_MS);
          waited += PAUSE_MS;
        }
      }
    },
    abort: () => device.close(),
  };
}

/** How long a pipe may have nobody who reads. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;

/** Without waiting in the system, where a pipe that nobody reads would hold us for ever. */
async function openDevice(path: string): Promise<FileHandle> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      if (waited > PATIENCE_MS) throw new InputError(`cannot write ${path}: nobody has opened it to read for 60 s`);
    }
    await sleep(PAUSE_MS);
  }
}

function toStream(stream: NodeJS.WriteStream, content: Content): Staged {
  return {
    async commit() {
      stream.write(content);
    },
    async abort() {},
  };
}
