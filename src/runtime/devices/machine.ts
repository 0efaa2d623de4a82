import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import {
  CPUS,
  FEATURE_NAMES,
  type Features,
  type Machine,
  NO_FEATURES,
  parseCpuinfo,
  parseTarget,
  type Target,
} from '../../compiler/targets/index.ts';
import { parseCore } from './cpu_name.ts';

/** The processor that hardware figures were measured on: part of every report and of every cache key. */
export interface Fingerprint {
  readonly arch: string;
  readonly os: string;
  /** The processor's name: in our CPU table, or by its MIDR, or what the system calls it; "unknown" without any. */
  readonly model: string;
  /** ARM's Main ID Register, `0x00000000410fd490` and the like; null where the system does not show it. */
  readonly midr: string | null;
  readonly features: Features;
  readonly cores: number;
}

/** This machine. */
export function thisMachine(): Machine {
  const none = { arm64: false, cpu: null, features: NO_FEATURES };
  if (process.arch !== 'arm64') return none;
  if (process.platform === 'darwin') {
    const m1 = CPUS['apple-m1'].features;
    const newer = /Apple M(?!1\b)\d/.test(cpus()[0]?.model ?? '');
    return { arm64: true, cpu: 'apple-m1', features: { ...m1, i8mm: newer } };
  }
  try {
    return { arm64: true, ...parseCpuinfo(readFileSync('/proc/cpuinfo', 'latin1')) };
  } catch {
    return { ...none, arm64: true };
  }
}

/**
 * The target that a user names; `native` is this machine.
 * @throws InputError when there is no such target, or when it is `native` and this machine is not ARM64.
 */
export const resolveTarget = (text: string): Target => parseTarget(text, thisMachine());

/** Whether the processor executes the target's code without emulation. */
export function canRunHere(target: Target, machine: Machine = thisMachine()): boolean {
  if (target.arch === 'host') return true;
  return machine.arm64 && FEATURE_NAMES.every((name) => machine.features[name] || !target.features[name]);
}

/** Fingerprint of this machine. */
export function fingerprint(): Fingerprint {
  const { cpu, features } = thisMachine();
  const core = process.arch === 'arm64' ? parseCore(read('/proc/cpuinfo') ?? '') : null;
  const system = cpus()[0]?.model.trim();
  return {
    arch: process.arch,
    os: process.platform,
    model: cpu ?? core?.name ?? (system || 'unknown'),
    midr: read('/sys/devices/system/cpu/cpu0/regs/identification/midr_el1') ?? core?.midr ?? null,
    features,
    cores: availableParallelism(),
  };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}
