import { CPUS, type CpuName } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import type { Block, Counts } from './blocks.ts';
import type { Instruction } from './classify.ts';
import { MODEL_VERSION, PIPELINES } from './cpus.ts';
import { type ElfSymbol, functionAt } from './elf.ts';
import { blockCost } from './simulate.ts';

/** Blocks are modelled, most executed first, until so much of all instructions is covered; the rest is scaled up. */
const COVER = 0.9995;

export interface FunctionCost {
  /** Symbol without the suffix that compilers give clones; "unknown" outside of all functions. */
  readonly symbol: string;
  readonly instructions: number;
  /** Both add up to the whole over all functions. */
  readonly cycles: number;
  readonly lines: number;
}

/** Modelled cycles of one inference on one core. Never a time: memory beyond the caches is not in them. */
export interface Modelled {
  /** Of the CPU tables. */
  readonly version: number;
  readonly instructions: number;
  readonly blocks: number;
  readonly cycles: number;
  /**
   * If every block overlapped perfectly with its neighbours, and if none did at all; over all that the core's pipeline
   * may be.
   */
  readonly low: number;
  readonly high: number;
  /** 64-byte lines moved between the second level of cache and what is behind it. */
  readonly lines: number;
  /** By falling number of instructions. */
  readonly functions: readonly FunctionCost[];
}

/** What was counted. `kept` are those of `blocks` to model, `decoded` tells what their words are. */
export interface Counted {
  readonly blocks: readonly Block[];
  readonly kept: readonly Block[];
  readonly decoded: ReadonlyMap<number, Instruction>;
  readonly lines: Counts['lines'];
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
 * Cycles of counted blocks on a CPU: Σ executions × cycles of one execution. Pure. Throws an InputError when the CPU lacks
 * an instruction that was executed.
 */
export function estimate(counted: Counted, cpu: CpuName, functions: readonly ElfSymbol[] = []): Modelled {
  const { blocks, kept, decoded, lines } = counted;
  const total = blocks.reduce((sum, block) => sum + block.instructions, 0);
  const scale = total / kept.reduce((sum, block) => sum + block.instructions, 0);
  const bySymbol = new Map<string, { instructions: number; cycles: number; lines: number }>();
  const at = (address: number) => {
    const symbol = functionAt(functions, address)?.name.replace(/\..*$/, '') ?? 'unknown';
    const entry = bySymbol.get(symbol) ?? { instructions: 0, cycles: 0, lines: 0 };
    bySymbol.set(symbol, entry);
    return entry;
  };
  for (const block of blocks) at(block.address).instructions += block.instructions;
  for (const moved of lines) at(moved.address).lines += moved.lines;

  const pipeline = PIPELINES[cpu];
  const [first, ...others] = [pipeline, ...(pipeline.orElse ?? [])].map((each) =>
    memoize((_key: string, instructions: Instruction[]) => blockCost(instructions, each)),
  );
  const sum = { cycles: 0, low: 0, high: 0 };
  for (const { address, kind, count, words } of kept) {
    const instructions = words.map((word) => decoded.get(word)!);
    demand(cpu, instructions);
    const { steady, alone } = first(words.join(), instructions);
    const isLoop = kind === 'loop';
    // An out-of-order core runs on into the next block; an in-order one drains in part.
    const cycles = isLoop || !pipeline.inOrder ? steady : (steady + alone) / 2;
    const may = [{ steady, alone }, ...others.map((cost) => cost(words.join(), instructions))];
    sum.cycles += count * cycles * scale;
    sum.low += count * Math.min(...may.map((cost) => cost.steady)) * scale;
    sum.high += count * Math.max(...may.map((cost) => (isLoop ? cost.steady : cost.alone))) * scale;
    at(address).cycles += count * cycles * scale;
  }
  const list = [...bySymbol].map(([symbol, entry]) => ({ symbol, ...entry }));
  return {
    ...{ version: MODEL_VERSION, instructions: total, blocks: blocks.length, ...sum },
    lines: lines.reduce((n, moved) => n + moved.lines, 0),
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
