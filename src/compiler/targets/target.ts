import type { BoardName } from './boards.ts';
import type { Core, CpuName, Features } from './cpus.ts';

/** What a build is made for. */
export interface Target {
  /** As the user writes it: `aarch64+dotprod`, `cortex-a72`, `host`, … */
  readonly name: string;
  readonly arch: 'aarch64' | 'host';
  /** null for a bare ISA level, `host`, and a `native` machine that the table does not know. */
  readonly cpu: CpuName | null;
  /** The board whose times are estimated; null where none is named. */
  readonly board: BoardName | null;
  readonly features: Features;
  /** The core that schedules are chosen for: the CPU's, or that of the reference CPU of the ISA level. */
  readonly core: Core;
  /** The instruction set, as compilers are told: `-march=armv8.2-a+dotprod` and the like. */
  readonly flags: readonly string[];
}
