import { execFileSync } from 'node:child_process';
import { readlinkSync, realpathSync } from 'node:fs';

/**
 * What emulates this process's machine, or null. A user-mode emulator (QEMU through binfmt_misc, Rosetta) shows programs
 * their own name, but not that of a process they started: there it is the emulator that the kernel runs.
 *
 * @param pid of a process that was started by the path `executable`
 */
export function emulatorOf(pid: number, executable: string): string | null {
  if (process.platform === 'darwin') return translated() ? 'Rosetta' : null;
  try {
    const runs = readlinkSync(`/proc/${pid}/exe`);
    return runs === realpathSync(executable) ? null : runs;
  } catch {
    return null;
  }
}

/** Whether this process is x86-64 code on a Mac that is none. */
function translated(): boolean {
  try {
    return execFileSync('/usr/sbin/sysctl', ['-n', 'sysctl.proc_translated'], { encoding: 'utf8' }).trim() === '1';
  } catch {
    return false;
  }
}
