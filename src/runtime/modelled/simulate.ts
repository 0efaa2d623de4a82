import type { Instruction } from './classify.ts';
import { type Cost, costOf, type Pipeline } from './pipeline.ts';

/** What a block costs, in cycles. */
export interface BlockCost {
  /** Each execution when it repeats back to back. */
  readonly steady: number;
  /** One execution by itself. */
  readonly alone: number;
}

const ITERATIONS = 40;

/** An instruction prepared for one core: registers are numbers, its costs are at hand. */
interface Step {
  readonly cost: Cost;
  /** The row of the cost table, numbered: forwarding to an accumulator happens between equal ones. */
  readonly row: number;
  readonly ports: readonly number[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly updates: readonly number[];
  readonly accumulator: number;
  readonly blocks: number;
  readonly isVectorLoad: boolean;
  readonly isVectorStore: boolean;
  readonly isMultiply: boolean;
}

/** When each register can be read, when it can be accumulated into, and by which kind of instruction. */
interface Scoreboard {
  readonly ready: Float64Array;
  readonly forwarded: Float64Array;
  readonly row: Int32Array;
}

/** Simulates a block on a core, cycle by cycle, from an empty pipeline. */
export function blockCost(block: readonly Instruction[], pipeline: Pipeline): BlockCost {
  const steps = prepare(block, pipeline);
  const simulate = pipeline.inOrder ? simulateInOrder : simulateOutOfOrder;
  const { ends } = simulate(steps, pipeline, ITERATIONS);
  const once = simulate(steps, pipeline, 1);
  const half = ITERATIONS / 2;
  const steady = (ends[ITERATIONS - 1] - ends[half - 1]) / half;
  return { steady, alone: pipeline.inOrder ? once.last : Math.max(once.ends[0], 1) };
}

function prepare(block: readonly Instruction[], pipeline: Pipeline): Step[] {
  const numbers = new Map<string, number>();
  const number = (name: string) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name)!;
  };
  return block.map((instruction) => {
    const { row, ...cost } = costOf(pipeline, instruction.kind);
    return {
      cost,
      row: number(`row ${row}`),
      ports: cost.ports.map((port) => pipeline.ports.indexOf(port)),
      reads: instruction.reads.map(number),
      writes: instruction.writes.map(number),
      updates: instruction.updates.map(number),
      accumulator: instruction.accumulator === null ? -1 : number(instruction.accumulator),
      blocks: pipeline.blocks[row] ?? 0,
      isVectorLoad: row.startsWith('ldv'),
      isVectorStore: /^st(v|n|lane)/.test(row),
      isMultiply: row === 'vfma' || row === 'vmul',
    };
  });
}

function scoreboard(steps: readonly Step[]): Scoreboard {
  let size = 0;
  for (const step of steps) size = Math.max(size, step.row, ...step.reads, ...step.writes, ...step.updates);
  return {
    ready: new Float64Array(size + 1).fill(-1),
    forwarded: new Float64Array(size + 1).fill(-1),
    row: new Int32Array(size + 1).fill(-1),
  };
}

/** The first cycle from `from` on in which all operands of the step can be read. */
function operandsReady(step: Step, board: Scoreboard, from: number): number {
  let cycle = from;
  for (const register of step.reads) {
    const forwards = register === step.accumulator && board.row[register] === step.row;
    cycle = Math.max(cycle, forwards ? board.forwarded[register] : board.ready[register]);
  }
  return cycle;
}

function writeResults(step: Step, board: Scoreboard, issued: number, completed: number): void {
  for (const register of step.writes) {
    board.ready[register] = completed + step.cost.latency;
    board.forwarded[register] = completed + step.cost.accumulate;
    board.row[register] = step.row;
  }
  for (const register of step.updates) {
    board.ready[register] = issued + 1;
    board.forwarded[register] = issued + 1;
    board.row[register] = step.row;
  }
}

/** `ends`: the cycle in which each iteration's last instruction issued; `last`: the cycle of the latest result. */
function simulateInOrder(steps: readonly Step[], pipeline: Pipeline, iterations: number) {
  const board = scoreboard(steps);
  const busy = pipeline.ports.map(() => 0);
  const multiplies = new Set<number>();
  const ends: number[] = [];
  let cycle = 0;
  let issued = 0;
  let last = 0;
  const moveTo = (to: number) => {
    cycle = to;
    issued = 0;
  };
  for (let i = 0; i < iterations; i++) {
    for (const step of steps) {
      const port = step.ports.length > 0 ? step.ports[0] : -1;
      let start = operandsReady(step, board, cycle);
      if (port >= 0) start = Math.max(start, Math.trunc(busy[port]));
      if (start > cycle) moveTo(Math.trunc(start));
      if (issued >= pipeline.width) moveTo(cycle + 1);
      // Two half-width instructions share a port's cycle: the port is free again within the cycle.
      if (port >= 0 && busy[port] > cycle + 0.99) moveTo(Math.trunc(busy[port] + 0.999));
      if (step.blocks > 0 && issued > 0) moveTo(cycle + 1);
      if (pipeline.multiplyHazard > 0 && step.isVectorLoad) {
        while (multiplies.has(cycle - pipeline.multiplyHazard)) moveTo(cycle + 1);
      }
      if (port >= 0) busy[port] = Math.max(busy[port], cycle) + step.cost.busy;
      if (step.isMultiply) multiplies.add(cycle);
      writeResults(step, board, cycle, cycle);
      last = Math.max(last, cycle + step.cost.latency);
      issued++;
      if (step.blocks > 0) moveTo(cycle + step.blocks);
    }
    ends.push(cycle);
  }
  return { ends, last };
}

/** The cycles in which a port is taken, from a sliding lower bound on. */
interface PortUse {
  taken: Uint8Array;
  /** How many are taken: of several free ports the least used one is chosen. */
  count: number;
  /** Cycles before this one are forgotten. */
  from: number;
  to: number;
}

function take(port: PortUse, cycle: number): void {
  if (cycle >= port.taken.length) {
    const longer = new Uint8Array(2 * cycle + 1);
    longer.set(port.taken);
    port.taken = longer;
  }
  if (port.taken[cycle]) return;
  port.taken[cycle] = 1;
  port.count++;
  port.to = Math.max(port.to, cycle + 1);
}

function forget(port: PortUse, before: number): void {
  for (; port.from < Math.min(before, port.to); port.from++) port.count -= port.taken[port.from];
}

function isFree(port: PortUse, cycle: number, cycles: number): boolean {
  for (let c = cycle; c < cycle + cycles; c++) if (port.taken[c]) return false;
  return true;
}

/** `ends`: the cycle by which each iteration and all before it have completed. */
function simulateOutOfOrder(steps: readonly Step[], pipeline: Pipeline, iterations: number) {
  const board = scoreboard(steps);
  const use = pipeline.ports.map((): PortUse => ({ taken: new Uint8Array(1024), count: 0, from: 0, to: 0 }));
  const storeData = pipeline.storeData.map((name) => use[pipeline.ports.indexOf(name)]);
  const completed: number[] = [];
  const ends: number[] = [];
  const slot = 1 / pipeline.width;
  let renamed = 0;
  let last = 0;

  /** Occupies a port (or all of them) for the step from `from` on at the earliest; the result is the cycle. */
  const issue = (step: Step, from: number): number => {
    const busy = step.cost.split > 1 ? 1 : step.cost.busy;
    for (let cycle = from; ; cycle++) {
      const free = step.ports.filter((p) => isFree(use[p], cycle, busy));
      if (free.length === 0 || (step.cost.all && free.length < step.ports.length)) continue;
      const chosen = step.cost.all ? step.ports : [free.reduce((a, b) => (use[b].count < use[a].count ? b : a))];
      for (const p of chosen) for (let c = cycle; c < cycle + busy; c++) take(use[p], c);
      if (step.isVectorStore) useVectorPort(cycle);
      return cycle;
    }
  };
  const useVectorPort = (from: number): number => {
    for (let cycle = from; ; cycle++) {
      const port = storeData.find((p) => !p.taken[cycle]);
      if (port === undefined) continue;
      take(port, cycle);
      return cycle;
    }
  };

  for (let i = 0; i < iterations; i++) {
    for (const step of steps) {
      const operations = step.ports.length > 0 ? step.cost.split : 1;
      const oldest = completed.length - pipeline.window;
      renamed = Math.max(renamed + slot * (operations + step.cost.permutes), oldest >= 0 ? completed[oldest] : 0);
      const ready = operandsReady(step, board, Math.trunc(renamed));
      let issued = ready;
      if (step.ports.length > 0) for (let k = 0; k < operations; k++) issued = Math.max(issued, issue(step, ready));
      for (let k = 0; k < step.cost.permutes; k++) issued = Math.max(issued, useVectorPort(ready));
      writeResults(step, board, ready, issued);
      last = Math.max(last, issued + step.cost.latency);
      completed.push(last);
    }
    ends.push(last);
    if (ends.length % 16 === 0) for (const port of use) forget(port, Math.trunc(renamed) - 50);
  }
  return { ends, last };
}
