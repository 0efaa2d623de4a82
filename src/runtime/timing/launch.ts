import type { Pass } from './passes.ts';

/** What one process of the runner measured. */
export interface Launch {
  readonly passes: readonly Pass[];
  /** For each slot, the inferences of a batch. */
  readonly batches: readonly number[];
  /**
   * Share of the time that another guest had the processor or, where builds are timed by the wall clock, that something
   * waited for one; null where unknown.
   */
  readonly waited: number | null;
}

/** The runner's slots, in this order. The copy is the INT8 build again, under another name: an A/A comparison. */
export const SLOT = { int8: 0, fp32: 1, copy: 2, base: 3 } as const;
export type SlotName = keyof typeof SLOT;

/** A launch in natural logarithms; every list has a number for each pass. */
export interface Observed {
  /** The sample of the data that the pass ran on. */
  readonly samples: ArrayLike<number>;
  /** For each slot, of ns of one inference. */
  readonly logs: readonly Float64Array[];
  /** Of the ns of the integer loop and of the memory walk, and of the walk's ratio to the loop. */
  readonly alu: Float64Array;
  readonly memory: Float64Array;
  readonly memoryToAlu: Float64Array;
  /** How often the system took the core away. */
  readonly switches: Float64Array;
  readonly waited: number | null;
}

/** Takes logarithms. Pure. */
export function observe({ passes, batches, waited }: Launch): Observed {
  const column = (of: (pass: Pass) => number) => {
    const values = new Float64Array(passes.length);
    for (let i = 0; i < values.length; i++) values[i] = of(passes[i]);
    return values;
  };
  return {
    samples: column(({ sample }) => sample),
    logs: batches.map((batch, slot) => column(({ slots }) => Math.log(slots[slot].ns / batch))),
    alu: column(({ alu }) => Math.log(alu)),
    memory: column(({ memory }) => Math.log(memory)),
    memoryToAlu: column(({ memory, alu }) => Math.log(memory / alu)),
    switches: column(({ slots }) => slots.reduce((sum, { switches }) => sum + switches, 0)),
    waited,
  };
}

/** The launch with some of its passes, by their numbers. */
export function only(launch: Observed, passes: readonly number[]): Observed {
  const pick = (values: ArrayLike<number>) => {
    const picked = new Float64Array(passes.length);
    for (let i = 0; i < picked.length; i++) picked[i] = values[passes[i]];
    return picked;
  };
  const { samples, logs, alu, memory, memoryToAlu, switches, waited } = launch;
  return {
    ...{ samples: pick(samples), logs: logs.map(pick), alu: pick(alu), memory: pick(memory) },
    ...{ memoryToAlu: pick(memoryToAlu), switches: pick(switches), waited },
  };
}
