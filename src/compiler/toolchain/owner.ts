import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Process numbers mean something within one boot of one machine, and there within one container. */
function makePlace(): string {
  const read = (get: () => string): string => {
    try {
      return get();
    } catch {
      return ''; // no Linux
    }
  };
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const container = read(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update(`${hostname()} ${boot} ${container}`).digest('hex').slice(0, 8);
}

const PLACE = makePlace();
/** Of processes elsewhere nobody here knows whether they still run; none of ours runs longer. */
const LONGEST_RUN_MS = 24 * 3600_000;

/** The beginning of the name of a file or folder that belongs to this process. */
export const ownPrefix = (kind: string): string => `${kind}-${PLACE}-${process.pid}-`;

/** The files and folders in `folder` that processes own by such a name, and whether those processes may still run. */
export function listOwned(folder: string, kind: string): { readonly path: string; readonly alive: boolean }[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .flatMap((name) => {
      const [, place, pid] = /^([0-9a-f]{8})-(\d+)-/.exec(name.slice(kind.length + 1)) ?? [];
      const path = join(folder, name);
      if (place === PLACE) return [{ path, alive: isAlive(Number(pid)) }];
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ path, alive: Date.now() - found.mtimeMs < LONGEST_RUN_MS }];
    });
}

/** Removes what processes that were killed left in `folder`, as far as that is allowed. */
export function sweep(folder: string, kind: string): void {
  try {
    for (const { path, alive } of listOwned(folder, kind)) if (!alive) rmSync(path, { recursive: true, force: true });
  } catch {
    // Another user's, or another process swept at the same time: nothing depends on it.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's process
  }
}
