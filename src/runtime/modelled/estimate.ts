import { CPUS, type CpuName } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import type { Block } from './blocks.ts';
import type { Instruction } from './classify.ts';
import { MODEL_VERSION, PIPELINES } from './cpus.ts';
import { type ElfSymbol, functionAt } from './elf.ts';
import { blockCost } from './simulate.ts';

/** Blocks are modelled, most executed first, until so much of all instructions is covered; the rest is scaled up. */
const COVER = 0.9995;

/** Modelled cycles of one inference on one core. Never a time: memory beyond the caches is not in it. */
export interface Cycles {
  readonly cycles: number;
  /** If every block overlapped perfectly with its neighbours, and if none did at all. */
  readonly low: number;
  readonly high: number;
}

export interface FunctionCost {
  /** Symbol without the suffix that compilers give clones; "unknown" outside of all functions. */
  readonly symbol: string;
  readonly instructions: number;
  /** Adds up to the whole over all functions. */
  readonly cycles: Readonly<Partial<Record<CpuName, number>>>;
}

export interface Modelled {
  /** Of the CPU tables. */
  readonly version: number;
  readonly instructions: number;
  readonly blocks: number;
  readonly cpus: Readonly<Partial<Record<CpuName, Cycles>>>;
  /** By falling number of instructions. */
  readonly functions: readonly FunctionCost[];
}

/** The blocks that make up nearly all of the executed instructions. */
export function hottest(blocks: readonly Block[], cover: number = COVER): Block[] {
  const sorted = [...blocks].sort((a, b) => b.instructions - a.instructions);
  const total = sorted.reduce((sum, block) => sum + block.instructions, 0);
  let covered = 0;
  const enough = sorted.findIndex((block, i) => {
    if (i > 0 && covered >= cover * total) return true;
    covered += block.instructions;
    return false;
  });
  return enough < 0 ? sorted : sorted.slice(0, enough);
}

/**
 * Cycles of counted blocks on each CPU: Σ executions × cycles of one execution. `kept` are those of `blocks` to model,
 * `decoded` tells what their words are. Throws an InputError when a CPU lacks an instruction that was executed.
 */
export function estimate(
  blocks: readonly Block[],
  kept: readonly Block[],
  decoded: ReadonlyMap<number, Instruction>,
  cpus: readonly CpuName[],
  functions: readonly ElfSymbol[] = [],
): Modelled {
  const total = blocks.reduce((sum, block) => sum + block.instructions, 0);
  const scale = total / kept.reduce((sum, block) => sum + block.instructions, 0);
  const symbolOf = (block: Block) => functionAt(functions, block.address)?.name.replace(/\..*$/, '') ?? 'unknown';

  const perFunction = new Map<string, { instructions: number; cycles: Partial<Record<CpuName, number>> }>();
  for (const block of blocks) {
    const symbol = symbolOf(block);
    const entry = perFunction.get(symbol) ?? {
      instructions: 0,
      cycles: Object.fromEntries(cpus.map((cpu) => [cpu, 0])),
    };
    entry.instructions += block.instructions;
    perFunction.set(symbol, entry);
  }

  const results: Partial<Record<CpuName, Cycles>> = {};
  for (const cpu of cpus) {
    const pipeline = PIPELINES[cpu];
    const cost = memoize((_key: string, instructions: Instruction[]) => blockCost(instructions, pipeline));
    const sum = { cycles: 0, low: 0, high: 0 };
    for (const block of kept) {
      const instructions = block.words.map((word) => decoded.get(word)!);
      demand(cpu, instructions);
      const { steady, alone } = cost(block.words.join(), instructions);
      const isLoop = block.kind === 'loop';
      // An out-of-order core runs on into the next block; an in-order one drains in part.
      const cycles = isLoop || !pipeline.inOrder ? steady : (steady + alone) / 2;
      sum.cycles += block.count * cycles * scale;
      sum.low += block.count * steady * scale;
      sum.high += block.count * (isLoop ? steady : alone) * scale;
      const entry = perFunction.get(symbolOf(block))!;
      entry.cycles[cpu] = entry.cycles[cpu]! + block.count * cycles * scale;
    }
    results[cpu] = sum;
  }
  const list = [...perFunction].map(([symbol, entry]) => ({ symbol, ...entry }));
  return {
    version: MODEL_VERSION,
    instructions: total,
    blocks: blocks.length,
    cpus: results,
    functions: list.sort((a, b) => b.instructions - a.instructions || (a.symbol < b.symbol ? -1 : 1)),
  };
}

function demand(cpu: CpuName, instructions: readonly Instruction[]): void {
  const { dotprod, i8mm } = CPUS[cpu].features;
  for (const { kind } of instructions) {
    const lacks = kind.startsWith('vdot') && !dotprod ? 'dotprod' : kind.startsWith('vmm') && !i8mm ? 'i8mm' : '';
    if (lacks)
      throw new InputError(`the build uses ${lacks} instructions, which ${cpu} lacks: choose another target or CPU`);
  }
}

/** Remembers a function's results by its first argument. */
function memoize<K, A extends unknown[], R>(f: (key: K, ...rest: A) => R): (key: K, ...rest: A) => R {
  const known = new Map<K, R>();
  return (key, ...rest) => {
    if (!known.has(key)) known.set(key, f(key, ...rest));
    return known.get(key)!;
  };
}
