/** Optional parts of the ARMv8-A instruction set that kernels choose by: -march='s name for each, and Linux's. */
export const FEATURES = { dotprod: 'asimddp', i8mm: 'i8mm', fp16: 'asimdhp' } as const;

export type Feature = keyof typeof FEATURES;
export const FEATURE_NAMES = Object.keys(FEATURES) as readonly Feature[];
/** Which of them there are. */
export type Features = Readonly<Record<Feature, boolean>>;

export const featuresWhere = (holds: (name: Feature) => boolean): Features =>
  Object.fromEntries(FEATURE_NAMES.map((name) => [name, holds(name)])) as Features;
/** Of `host`, and of ARMv8.0. */
export const NO_FEATURES = featuresWhere(() => false);

/** Throughput of a core's pipeline, by which tiles are chosen: instructions a cycle, on 128-bit registers. */
export interface Core {
  /** Instructions issue in program order, and none beside the load of a vector. */
  readonly inOrder: boolean;
  /** Instructions dispatched. */
  readonly width: number;
  readonly loads: number;
  readonly fmla: number;
  /** SMULL, SMLAL. */
  readonly smull: number;
  /** SDOT, SMMLA. */
  readonly dot: number;
}

/** A level of data cache, with lines of 64 bytes. */
export interface CacheLevel {
  readonly kib: number;
  readonly ways: number;
}

/** The caches of a CPU as it is commonly built; `l2` is the last level before the one that other clusters share. */
export interface Caches {
  readonly l1: CacheLevel;
  readonly l2: CacheLevel;
}

/** What the compiler knows of a CPU. Its cycle model stands in src/runtime/modelled/cpus.ts. */
export interface Cpu {
  readonly features: Features;
  /** The name that -mtune= takes; null where gcc 12 does not know the core, or spills float tiles when told of it. */
  readonly tune: { readonly gcc: string | null; readonly clang: string };
  readonly core: Core;
  /** By which traffic with memory is counted. */
  readonly caches: Caches;
  /** Implementer and part number of MIDR_EL1, by which `native` recognises the core. */
  readonly midr: readonly [implementer: number, part: number] | null;
}

const ARM = 0x41;
const V80 = NO_FEATURES;
const V82: Features = { ...V80, dotprod: true, fp16: true };
const I8MM: Features = { ...V82, i8mm: true };
const both = (name: string) => ({ gcc: name, clang: name });

const kib = (l1: number, l1Ways: number, l2: number, l2Ways: number): Caches => ({
  l1: { kib: l1, ways: l1Ways },
  l2: { kib: l2, ways: l2Ways },
});

/** The table with its names as a type. */
const named = <Name extends string>(cpus: Readonly<Record<Name, Cpu>>) => cpus;

/**
 * The CPUs that --target names, small cores first. Sources: of the throughputs Arm's software optimization guides; of the
 * caches Arm's technical reference manuals, where a maker chooses the size of L2 as on: Raspberry Pi 3 and 4 (A53, A72),
 * RK3566 (A55, whose last level that is), Raspberry Pi 5 (A76), Ampere Altra (N1), Azure Cobalt 100 (N2), AWS Graviton 3 and 4 (V1, V2);
 * Apple's cluster of four performance cores (M1).
 */
export const CPUS = named({
  'cortex-a53': {
    features: V80,
    tune: both('cortex-a53'),
    core: { inOrder: true, width: 2, loads: 0.5, fmla: 1, smull: 1, dot: 1 },
    caches: kib(32, 4, 512, 16),
    midr: [ARM, 0xd03],
  },
  'cortex-a55': {
    features: V82,
    tune: both('cortex-a55'),
    core: { inOrder: true, width: 2, loads: 0.5, fmla: 1, smull: 1, dot: 1 },
    caches: kib(32, 4, 512, 16),
    midr: [ARM, 0xd05],
  },
  'cortex-a72': {
    features: V80,
    tune: both('cortex-a72'),
    core: { inOrder: false, width: 3, loads: 1, fmla: 1, smull: 1, dot: 1 },
    caches: kib(32, 2, 1024, 16),
    midr: [ARM, 0xd08],
  },
  'cortex-a76': {
    features: V82,
    tune: both('cortex-a76'),
    core: { inOrder: false, width: 4, loads: 2, fmla: 2, smull: 1, dot: 2 },
    caches: kib(64, 4, 512, 8),
    midr: [ARM, 0xd0b],
  },
  'neoverse-n1': {
    features: V82,
    tune: { gcc: null, clang: 'neoverse-n1' },
    core: { inOrder: false, width: 4, loads: 2, fmla: 2, smull: 1, dot: 2 },
    caches: kib(64, 4, 1024, 8),
    midr: [ARM, 0xd0c],
  },
  'neoverse-n2': {
    features: I8MM,
    tune: both('neoverse-n2'),
    core: { inOrder: false, width: 5, loads: 3, fmla: 2, smull: 1, dot: 2 },
    caches: kib(64, 4, 1024, 8),
    midr: [ARM, 0xd49],
  },
  'neoverse-v1': {
    features: I8MM,
    tune: both('neoverse-v1'),
    core: { inOrder: false, width: 8, loads: 3, fmla: 4, smull: 2, dot: 4 },
    caches: kib(64, 4, 1024, 8),
    midr: [ARM, 0xd40],
  },
  'neoverse-v2': {
    features: I8MM,
    tune: { gcc: null, clang: 'neoverse-v2' },
    core: { inOrder: false, width: 8, loads: 3, fmla: 4, smull: 2, dot: 4 },
    caches: kib(64, 4, 2048, 8),
    midr: [ARM, 0xd4f],
  },
  'apple-m1': {
    features: V82,
    tune: { gcc: null, clang: 'apple-m1' },
    core: { inOrder: false, width: 8, loads: 3, fmla: 4, smull: 4, dot: 4 },
    caches: kib(128, 8, 12288, 12),
    midr: null,
  },
});

export type CpuName = keyof typeof CPUS;

/** Whether a text names a CPU of the table. */
export const isCpu = (text: string): text is CpuName => Object.hasOwn(CPUS, text);

/** The CPU that a bare ISA level stands for: kernels are tuned, and cycles modelled, for the commonest core of the level. */
export function referenceCpu({ dotprod, i8mm }: Features): CpuName {
  if (i8mm) return 'neoverse-n2';
  return dotprod ? 'neoverse-n1' : 'cortex-a72';
}
