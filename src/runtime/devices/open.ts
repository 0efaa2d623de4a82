import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Target } from '../../compiler/targets/target.ts';
import { EnvironmentError } from '../../errors.ts';
import type { Device } from './device.ts';
import { INSTALL_QEMU } from './failures.ts';
import { canRunHere } from './machine.ts';
import { runJobs } from './run.ts';
import { withScratch } from './scratch.ts';
import { startSession } from './session.ts';

/** All of ARMv8-A without SVE, which libc would otherwise pick for memcpy and make counts depend on its width. */
const QEMU_OPTIONS = ['-cpu', 'max,sve=off'];

/** The device that a target's builds run on: this machine if its processor can, else QEMU user-mode emulation. */
export async function openDevice(target: Target): Promise<Device> {
  return canRunHere(target) ? nativeDevice() : qemuDevice();
}

export const nativeDevice = (): Device => makeDevice('native', []);

/** An emulated ARM64 machine; `options` are further words for the emulator. Throws where QEMU is not installed. */
export const qemuDevice = (options: readonly string[] = []): Device =>
  makeDevice('qemu', [findQemu(), ...QEMU_OPTIONS, ...options]);

/** Path of the user-mode emulator. Throws an EnvironmentError with the install command when there is none. */
export function findQemu(path: string = process.env.PATH ?? ''): string {
  for (const name of ['qemu-aarch64', 'qemu-aarch64-static']) {
    for (const folder of path.split(delimiter)) {
      const file = join(folder, name);
      if (folder && isProgram(file)) return file;
    }
  }
  throw new EnvironmentError(`qemu-aarch64, which runs ARM64 builds on this machine, is missing; ${INSTALL_QEMU}`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function makeDevice(kind: Device['kind'], launcher: readonly string[]): Device {
  const session: Device['session'] = (image, options, use) =>
    withScratch(async (folder) => {
      const runner = startSession(launcher, image, folder, options);
      try {
        const result = await use(runner);
        await runner.close();
        return result;
      } finally {
        await runner.kill();
      }
    });
  return { kind, session, run: (image, jobs, options) => runJobs(session, image, jobs, options) };
}
