import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CPUS, type Cpu, type CpuName, type Features } from './cpus.ts';

/** The machine we run on, as far as targets care. */
export interface Machine {
  readonly arm64: boolean;
  /** null where the table does not have the machine's core. */
  readonly cpu: CpuName | null;
  readonly features: Features;
}

/** Reads Linux's /proc/cpuinfo: the features that every core has, and the core's name. */
export function parseCpuinfo(text: string): Omit<Machine, 'arm64'> {
  const all = (key: string): string[] =>
    [...text.matchAll(new RegExp(`^${key}\\s*:\\s*(.*)$`, 'gm'))].map((match) => match[1].trim());
  const features = all('Features').map((line) => new Set(line.split(/\s+/)));
  const has = (flag: string): boolean => features.length > 0 && features.every((set) => set.has(flag));
  // On big.LITTLE the last core listed is a big one: kernels are tuned for where the work runs.
  const implementer = Number(all('CPU implementer').at(-1));
  const part = Number(all('CPU part').at(-1));
  const names = Object.keys(CPUS) as CpuName[];
  const isMachine = ({ midr }: Cpu): boolean => midr?.[0] === implementer && midr[1] === part;
  return {
    cpu: names.find((name) => isMachine(CPUS[name])) ?? null,
    features: { dotprod: has('asimddp'), i8mm: has('i8mm'), fp16: has('asimdhp') },
  };
}

/** This machine. A door to the outside world: everything else in this room is pure. */
export function thisMachine(): Machine {
  const none = { arm64: false, cpu: null, features: { dotprod: false, i8mm: false, fp16: false } };
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
