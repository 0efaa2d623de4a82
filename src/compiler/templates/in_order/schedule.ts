/**
 * List scheduling of a loop's body for an in-order core.
 *
 * Instructions issue cycle by cycle, by priority: the longest path to the end of the loop (place.ts). Bodies are software-pipelined:
 * they multiply operands that the previous iteration loaded. When those are ready is known from the previous attempt at scheduling.
 */
import { type InOrderCore, REGISTERS, type Timing } from './core.ts';
import { type Dependence, dependences } from './dependences.ts';
import type { Instruction } from './instruction.ts';
import { late } from './late.ts';
import { cyclesOf } from './pipeline.ts';
import { type Graph, type Placed, place } from './place.ts';
import { Pressure } from './pressure.ts';

/** Weights of a cycle of latency against a cycle of work, in priorities. All are tried; a larger one hides more latency. */
const WEIGHTS = [1.25, 1.5, 2];
/** Attempts per weight. */
const ATTEMPTS = 3;

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
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
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

/** Places a body in the available registers, or in the fewest more that suffice. */
function placed(graph: Graph, priority: readonly number[], body: readonly Instruction[], core: InOrderCore): Placed {
  for (let registers = REGISTERS; ; registers++) {
    const found = place(graph, priority, new Pressure(body, registers), core);
    if (found !== null) return found;
  }
}

/** By instruction: the cycle in which its operands of the previous iteration are ready. */
function readyAfter(across: readonly Dependence[], cycle: readonly number[]): number[] {
  const length = Math.max(...cycle) + 1;
  const ready = cycle.map(() => 0);
  for (const { from, to, cycles } of across) ready[to] = Math.max(ready[to], cycle[from] + cycles - length);
  return ready;
}

/**
 * Priority by instruction: max(longest path of latencies to the end, cycles of the vector unit from it on in program order).
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
