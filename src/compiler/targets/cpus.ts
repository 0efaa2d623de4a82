import type { Features } from './target.ts';

/** What the compiler needs to know of a CPU. */
export interface Cpu {
  readonly features: Features;
  /** The name that -mtune= takes; null where gcc 12 does not know the core, or spills float tiles when told of it. */
  readonly tune: { readonly gcc: string | null; readonly clang: string };
  /** Implementer and part number of MIDR_EL1, by which `native` recognises the core. */
  readonly midr: readonly [implementer: number, part: number] | null;
}

const ARM = 0x41;
const V80: Features = { dotprod: false, i8mm: false, fp16: false };
const V82: Features = { dotprod: true, i8mm: false, fp16: true };
const I8MM: Features = { dotprod: true, i8mm: true, fp16: true };
const both = (name: string) => ({ gcc: name, clang: name });

/** The CPUs that --target names, small cores first. */
export const CPUS: Readonly<Record<string, Cpu>> = {
  'cortex-a53': { features: V80, tune: both('cortex-a53'), midr: [ARM, 0xd03] },
  'cortex-a55': { features: V82, tune: both('cortex-a55'), midr: [ARM, 0xd05] },
  'cortex-a72': { features: V80, tune: both('cortex-a72'), midr: [ARM, 0xd08] },
  'cortex-a76': { features: V82, tune: both('cortex-a76'), midr: [ARM, 0xd0b] },
  'neoverse-n1': { features: V82, tune: { gcc: null, clang: 'neoverse-n1' }, midr: [ARM, 0xd0c] },
  'neoverse-n2': { features: I8MM, tune: both('neoverse-n2'), midr: [ARM, 0xd49] },
  'neoverse-v1': { features: I8MM, tune: both('neoverse-v1'), midr: [ARM, 0xd40] },
  'neoverse-v2': { features: I8MM, tune: { gcc: null, clang: 'neoverse-v2' }, midr: [ARM, 0xd4f] },
  'apple-m1': { features: V82, tune: { gcc: null, clang: 'apple-m1' }, midr: null },
};
