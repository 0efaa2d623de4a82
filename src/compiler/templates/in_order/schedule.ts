/**
 * The order of a loop's instructions on a core that issues in order: list scheduling.
 *
 * Instructions issue cycle by cycle, those first that the longest way to the end of the loop begins with (place.ts). A loop
 * has been rotated before: its body multiplies what the round before has loaded, and loads for the next one. So a body is
 * scheduled as what follows itself: what waits for the round before is known from the last attempt.
 */
import { type InOrderCore, REGISTERS, type Timing } from './core.ts';
import { type Dependence, dependences } from './dependences.ts';
import type { Instruction } from './instruction.ts';
import { late } from './late.ts';
import { cyclesOf } from './pipeline.ts';
import { type Graph, type Placed, place } from './place.ts';
import { Pressure } from './pressure.ts';

/** A latency counts so many times the same number of cycles of work: more hides what is in its way. Several are tried. */
const WEIGHTS = [1.25, 1.5, 2];
/** Attempts for each. */
const ROUNDS = 3;

/** The instructions of a loop's body in the order in which to issue them. */
export function schedule(body: readonly Instruction[], core: InOrderCore): Instruction[] {
  const count = body.length;
  const timing = body.map(({ kind }) => core.timing[kind]);
  const both = dependences([...body, ...body], core);
  const within = both.filter(({ to }) => to < count);
  const across = both.filter(({ from, to }) => from < count && to >= count).map((d) => ({ ...d, to: d.to - count }));
  let best: readonly Instruction[] = body;
  let least = cyclesOf(body, core);
  for (const weight of WEIGHTS) {
    const priority = heights([...timing, ...timing], both, weight);
    let ready = timing.map(() => 0);
    for (let round = 0; round < ROUNDS; round++) {
      const graph: Graph = { timing, within, across, ready };
      const { order, cycle } = late(graph, placed(graph, priority, body, core), core);
      const block = order.map((i) => body[i]);
      const cycles = cyclesOf(block, core);
      if (cycles < least) [least, best] = [cycles, block];
      ready = readyAfter(across, cycle);
    }
  }
  return [...best];
}

/** Places a body in as many registers as there are, or, where that cannot be, in as few more as possible. */
function placed(graph: Graph, priority: readonly number[], body: readonly Instruction[], core: InOrderCore): Placed {
  for (let registers = REGISTERS; ; registers++) {
    const found = place(graph, priority, new Pressure(body, registers), core);
    if (found !== null) return found;
  }
}

/** By instruction: the cycle of a round in which its operands of the round before are ready. */
function readyAfter(across: readonly Dependence[], cycle: readonly number[]): number[] {
  const length = Math.max(...cycle) + 1;
  const ready = cycle.map(() => 0);
  for (const { from, to, cycles } of across) ready[to] = Math.max(ready[to], cycle[from] + cycles - length);
  return ready;
}

/**
 * By instruction: how long the way from its issue to the end is: the most of the latencies that follow on it, and of what
 * occupies the vector unit from it on in program order.
 */
function heights(timing: readonly Timing[], found: readonly Dependence[], weight: number): number[] {
  const after: Dependence[][] = timing.map(() => []);
  for (const dependence of found) after[dependence.from].push(dependence);
  const height = timing.map(() => 0);
  let work = 0;
  for (let i = timing.length - 1; i >= 0; i--) {
    if (timing[i].unit === 'vector') work += timing[i].occupancy;
    height[i] = Math.max(work, ...after[i].map(({ to, cycles }) => height[to] + weight * cycles));
  }
  return height;
}
