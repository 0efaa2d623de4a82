/** What a build is made for. */
export interface Target {
  /** As the user writes it: `aarch64+dotprod`, `cortex-a72`, `host`, … */
  readonly name: string;
  readonly arch: 'aarch64' | 'host';
  /** The CPU whose schedule defaults and modelled cycles apply; null for a bare ISA level or `host`. */
  readonly cpu: string | null;
  readonly features: Features;
  /** What the compiler is told: `-march=armv8.2-a+dotprod` and the like. */
  readonly flags: readonly string[];
}

/** Optional parts of the ARMv8-A instruction set that kernels choose by. All false on `host`. */
export interface Features {
  readonly dotprod: boolean;
  readonly i8mm: boolean;
  readonly fp16: boolean;
}
