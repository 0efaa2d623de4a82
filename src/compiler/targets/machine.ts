import { CPUS, type Cpu, type CpuName, FEATURES, type Features, featuresWhere } from './cpus.ts';

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
    features: featuresWhere((name) => has(FEATURES[name])),
  };
}
