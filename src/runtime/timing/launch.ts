import { type Pass, type Quiet, quiet } from './passes.ts';

/** What one process of the runner measured. */
export interface Launch {
  readonly passes: readonly Pass[];
  /** For each slot, the inferences of a batch. */
  readonly batches: readonly number[];
  /** Share of the time during which something waited for a processor, or another guest had it; null where unknown. */
  readonly waited: number | null;
}

/** The runner's slots, in this order. The copy is the INT8 build again, under another name: an A/A comparison. */
export const SLOT = { int8: 0, fp32: 1, copy: 2, base: 3 } as const;
export type SlotName = keyof typeof SLOT;

/** What is kept of a launch. */
export interface Observed extends Omit<Quiet, 'passes'> {
  /** For each pass, the sample of the data that it ran on. */
  readonly samples: readonly number[];
  /** For each slot and pass, ln of ns of one inference. */
  readonly logs: readonly Float64Array[];
  readonly waited: number | null;
}

/** Leaves out what was disturbed, and takes logarithms. Pure. */
export function observe({ passes: all, batches, waited }: Launch): Observed {
  const { passes, ...signs } = quiet(all);
  return {
    ...{ ...signs, waited, samples: passes.map(({ sample }) => sample) },
    logs: batches.map((batch, slot) => Float64Array.from(passes, ({ slots }) => Math.log(slots[slot].ns / batch))),
  };
}
