import { type Flow, innermostLoops } from './loops.ts';

/** What was executed while counting, by instruction address in ascending order. */
export interface Executed {
  readonly addresses: readonly number[];
  /** Instruction words, and how often each ran. */
  readonly words: readonly number[];
  readonly counts: readonly number[];
}

export interface Counts extends Executed {
  /** 64-byte lines that loads and stores moved between the second level of cache and what is behind it. */
  readonly lines: readonly { readonly address: number; readonly lines: number }[];
}

/** Instructions that run together. */
export interface Block {
  readonly address: number;
  /** A loop repeats back to back, so its cost is that of the steady state; a line runs once at a time. */
  readonly kind: 'line' | 'loop';
  /** Executions; of a loop's runs on average. */
  readonly count: number;
  readonly words: readonly number[];
  /** Instructions executed in all: count × words. */
  readonly instructions: number;
}

interface Branch {
  /** `jump` always goes there, `condition` sometimes; `call` comes back (an exception too), `leave` goes who knows where. */
  readonly kind: 'jump' | 'condition' | 'call' | 'leave';
  /** Address; null where a register or the kernel decides. */
  readonly to: number | null;
}

const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);

/** Decodes the branches of A64. Source: Arm Architecture Reference Manual, C4.1.66 "Branches, exception generating". */
export function branchOf(address: number, word: number): Branch | null {
  const w = word >>> 0;
  const op = w >>> 24;
  if ((op & 0x7c) === 0x14) return { kind: op & 0x80 ? 'call' : 'jump', to: address + 4 * signed(w, 26) }; // B, BL
  const test = op & 0x7e;
  if (op === 0x54 || test === 0x34) return { kind: 'condition', to: address + 4 * signed(w >>> 5, 19) }; // B.cond, CBZ
  if (test === 0x36) return { kind: 'condition', to: address + 4 * signed(w >>> 5, 14) }; // TBZ
  if (op === 0xd4 || (w & 0xfffffc1f) >>> 0 === 0xd63f0000) return { kind: 'call', to: null }; // SVC, BLR
  if ((op & 0xfe) === 0xd6) return { kind: 'leave', to: null }; // BR, RET
  return null;
}

/** A maximal run of neighbouring instructions with one count and no branch into it. Indices into Executed. */
interface Run {
  readonly first: number;
  /** Exclusive. */
  end: number;
}

/**
 * Puts the counted instructions together into blocks. A branch that is not taken does not end a block. An innermost
 * loop of several runs becomes one block: the chain of those that run in more than half of its iterations.
 */
export function findBlocks(counts: Executed): Block[] {
  const { addresses, words, counts: n } = counts;
  const branches = words.map((word, i) => branchOf(addresses[i], word));
  const runs = findRuns(counts, branches);
  const inLoop = new Set<Run>();
  const blocks: Block[] = [];
  const block = (kind: Block['kind'], body: readonly Run[]) => {
    const code = body.flatMap((run) => words.slice(run.first, run.end));
    const instructions = body.reduce((sum, run) => sum + n[run.first] * (run.end - run.first), 0);
    const address = Math.min(...body.map((run) => addresses[run.first]));
    // Runs of a chain differ a little in their counts: each weighs what it ran.
    blocks.push({ address, kind, count: instructions / code.length, words: code, instructions });
  };
  for (const loop of innermostLoops(flowOf(counts, branches, runs))) {
    const often = n[runs[loop[0]].first] / 2;
    const body = loop.map((i) => runs[i]).filter((run) => n[run.first] > often);
    for (const run of body) inLoop.add(run);
    block('loop', body);
  }
  for (const run of runs) if (!inLoop.has(run)) block('line', [run]);
  return blocks;
}

function findRuns({ addresses, counts }: Executed, branches: readonly (Branch | null)[]): Run[] {
  const targets = new Set(branches.map((branch) => branch?.to));
  const runs: Run[] = [];
  for (let i = 0; i < addresses.length; i++) {
    const before = branches[i - 1];
    const joins =
      i > 0 &&
      addresses[i] === addresses[i - 1] + 4 &&
      counts[i] === counts[i - 1] &&
      !targets.has(addresses[i]) &&
      (!before || before.kind === 'condition');
    if (joins) runs[runs.length - 1].end = i + 1;
    else runs.push({ first: i, end: i + 1 });
  }
  return runs;
}

function flowOf({ addresses, counts }: Executed, branches: readonly (Branch | null)[], runs: readonly Run[]): Flow {
  const at = new Map(runs.map((run, i) => [addresses[run.first], i]));
  const runAt = (address: number | null | undefined) => (typeof address === 'number' ? (at.get(address) ?? []) : []);
  const edges = runs.map(({ end }) => {
    const last = branches[end - 1];
    const next = last?.kind === 'jump' || last?.kind === 'leave' ? null : addresses[end - 1] + 4;
    return [runAt(last?.kind === 'call' ? null : last?.to), runAt(next)].flat();
  });
  const calls = branches.flatMap((branch) => (branch?.kind === 'call' ? runAt(branch.to) : []));
  return { edges, counts: runs.map((run) => counts[run.first]), called: new Set(calls) };
}
