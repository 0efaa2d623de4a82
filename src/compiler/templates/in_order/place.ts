/** List scheduling of a dependence graph: cycle by cycle, instructions of high priority first. */
import type { InOrderCore, Timing } from './core.ts';
import type { Dependence } from './dependences.ts';
import { Issue } from './issue.ts';
import type { Pressure } from './pressure.ts';

/** A loop's body. */
export interface Graph {
  readonly timing: readonly Timing[];
  /** Dependences within an iteration, and on the previous iteration. */
  readonly within: readonly Dependence[];
  readonly across: readonly Dependence[];
  /** By instruction: the cycle in which its operands of the previous iteration are ready. */
  readonly ready: readonly number[];
}

export interface Placed {
  /** The instructions as they issue. */
  readonly order: readonly number[];
  /** By instruction: the cycle in which it issues. */
  readonly cycle: readonly number[];
}

/** An instruction dual-issues only if its priority is at most this much lower: operands loaded early occupy registers. */
const HORIZON = 8;
/** Idle cycles after which nothing can issue any more: longer than any latency. */
const STUCK = 20;

/** Issues all instructions of a graph; null if there are too few registers. */
export function place(
  { timing, within, ready }: Graph,
  priority: readonly number[],
  pressure: Pressure,
  core: InOrderCore,
): Placed | null {
  const after: Dependence[][] = timing.map(() => []);
  const missing = timing.map(() => 0);
  for (const dependence of within) {
    after[dependence.from].push(dependence);
    missing[dependence.to]++;
  }
  const from = [...ready];
  const able = new Set([...timing.keys()].filter((i) => missing[i] === 0));
  const state = new Issue(core);
  const order: number[] = [];
  const cycle = timing.map(() => 0);
  let idle = 0;

  /** Whether an instruction can issue in this cycle, behind another one. */
  const fits = (i: number, behind?: number): boolean =>
    from[i] <= state.cycle &&
    pressure.allows(i) &&
    state.fits(timing[i], behind === undefined ? undefined : timing[behind]);
  const best = (suits: (i: number) => boolean): number | undefined => {
    let found: number | undefined;
    for (const i of able) {
      const better =
        found === undefined || priority[i] > priority[found] || (priority[i] === priority[found] && i < found);
      if (better && suits(i)) found = i;
    }
    return found;
  };
  const issue = (i: number): void => {
    state.issue(timing[i]);
    pressure.issue(i);
    order.push(i);
    cycle[i] = state.cycle;
    able.delete(i);
    for (const { to, cycles } of after[i]) {
      from[to] = Math.max(from[to], state.cycle + cycles);
      if (--missing[to] === 0) able.add(to);
    }
  };

  while (order.length < timing.length) {
    // The vector unit is the bottleneck.
    const first = best((i) => timing[i].unit === 'vector' && fits(i)) ?? best((i) => fits(i));
    if (first === undefined) {
      if (++idle > STUCK) return null;
      state.wait();
      continue;
    }
    idle = 0;
    const beside = best(
      (i) => i !== first && priority[i] >= priority[first] - HORIZON && fits(i) && (fits(i, first) || fits(first, i)),
    );
    // A move occupies part of the vector unit's cycle: it fits before an instruction that occupies all of it, not behind.
    if (beside !== undefined && state.isFresh && !fits(beside, first)) issue(beside);
    issue(first);
  }
  return { order, cycle };
}
