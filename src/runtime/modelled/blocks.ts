import { EnvironmentError } from '../../errors.ts';

/** What the emulator counted in one region, by instruction address in ascending order. */
export interface Counts {
  readonly addresses: readonly number[];
  /** Instruction words, and how often each ran. */
  readonly words: readonly number[];
  readonly counts: readonly number[];
}

/** Instructions that run together. */
export interface Block {
  readonly address: number;
  /** A loop repeats back to back, so its cost is that of the steady state; a line runs once at a time. */
  readonly kind: 'line' | 'loop';
  /** Executions. */
  readonly count: number;
  readonly words: readonly number[];
  /** Instructions executed in all; for a loop of several blocks, counted block by block. */
  readonly instructions: number;
}

/**
 * Reads the counts that native/modelled/tbcount.c wrote. Translation blocks overlap, and end at page borders and after
 * 512 instructions; summing over the blocks that hold an instruction makes all that disappear.
 */
export function parseCounts(text: string, region: number): Counts {
  const count = new Map<number, number>();
  const word = new Map<number, number>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^(\d) ([0-9a-f]{1,13}) (\d+) ((?:[0-9a-f]{8})+)$/.exec(line);
    if (!match) throw new EnvironmentError(`the emulator's counts are garbled: ${JSON.stringify(line.slice(0, 80))}`);
    if (Number(match[1]) !== region) continue;
    const code = Buffer.from(match[4], 'hex');
    const first = Number.parseInt(match[2], 16);
    for (let i = 0; i < code.length; i += 4) {
      count.set(first + i, (count.get(first + i) ?? 0) + Number(match[3]));
      word.set(first + i, code.readUInt32LE(i));
    }
  }
  const addresses = [...count.keys()].sort((a, b) => a - b);
  return { addresses, words: addresses.map((a) => word.get(a)!), counts: addresses.map((a) => count.get(a)!) };
}

interface Branch {
  readonly conditional: boolean;
  /** Where it goes; null for calls, returns, indirect branches and exceptions, which are not edges inside a function. */
  readonly to: number | null;
}

const signed = (value: number, bits: number) => (value << (32 - bits)) >> (32 - bits);

/** Decodes the branches of A64. Source: Arm Architecture Reference Manual, C4.1.66 "Branches, exception generating". */
export function branchOf(address: number, word: number): Branch | null {
  const w = word >>> 0;
  const op = w >>> 24;
  if ((op & 0x7c) === 0x14) return { conditional: false, to: op & 0x80 ? null : address + 4 * signed(w, 26) }; // B, BL
  const test = op & 0x7e;
  if (op === 0x54 || test === 0x34) return { conditional: true, to: address + 4 * signed(w >>> 5, 19) }; // B.cond, CBZ
  if (test === 0x36) return { conditional: true, to: address + 4 * signed(w >>> 5, 14) }; // TBZ
  if ((op & 0xfe) === 0xd6 || op === 0xd4) return { conditional: false, to: null }; // BR, BLR, RET, SVC
  return null;
}

/** A maximal run of neighbouring instructions with one count and no branch into it. Indices into Counts. */
interface Run {
  readonly first: number;
  /** Exclusive. */
  end: number;
}

/**
 * Puts the counted instructions together into blocks. A branch that is not taken does not end a block. An innermost
 * loop of several blocks becomes one block: the chain of those that run in more than half of its iterations.
 */
export function findBlocks(counts: Counts): Block[] {
  const { addresses, words, counts: n } = counts;
  const branches = words.map((word, i) => branchOf(addresses[i], word));
  const runs = findRuns(counts, branches);
  const ranges = innermostLoops(counts, branches, runs);
  const used = new Set<Run>();
  const blocks: Block[] = [];
  const wordsOf = (run: Run) => words.slice(run.first, run.end);

  for (const [head, tail] of ranges) {
    const count = n[runs[head].first];
    const often = (run: Run) => n[run.first] * 2 > count;
    const range = runs.slice(head, tail + 1);
    const gap = (run: Run, before: Run) => addresses[run.first] !== addresses[before.end - 1] + 4;
    const broken = range.some((run, k) => k > 0 && gap(run, range[k - 1]) && often(run) && often(range[k - 1]));
    if (broken && tail - head > 30) continue; // such a distance is a jump between functions, not a loop
    const body = range.filter(often);
    if (body.some((run) => used.has(run))) continue;
    for (const run of body) used.add(run);
    const instructions = body.reduce((sum, run) => sum + n[run.first] * (run.end - run.first), 0);
    const address = addresses[runs[head].first];
    blocks.push({ address, kind: 'loop', count, words: body.flatMap(wordsOf), instructions });
  }
  for (const run of runs) {
    if (used.has(run)) continue;
    const count = n[run.first];
    const instructions = count * (run.end - run.first);
    blocks.push({ address: addresses[run.first], kind: 'line', count, words: wordsOf(run), instructions });
  }
  return blocks;
}

function findRuns({ addresses, counts }: Counts, branches: readonly (Branch | null)[]): Run[] {
  const targets = new Set(branches.map((branch) => branch?.to));
  const runs: Run[] = [];
  for (let i = 0; i < addresses.length; i++) {
    const before = branches[i - 1];
    const joins =
      i > 0 &&
      addresses[i] === addresses[i - 1] + 4 &&
      counts[i] === counts[i - 1] &&
      !targets.has(addresses[i]) &&
      (!before || before.conditional);
    if (joins) runs[runs.length - 1].end = i + 1;
    else runs.push({ first: i, end: i + 1 });
  }
  return runs;
}

/** [head, tail] of every backward branch that holds no other, as indices of runs. */
function innermostLoops(counts: Counts, branches: readonly (Branch | null)[], runs: readonly Run[]) {
  const at = new Map(runs.map((run, i) => [counts.addresses[run.first], i]));
  const back: [head: number, tail: number][] = [];
  for (const [tail, run] of runs.entries()) {
    const to = branches[run.end - 1]?.to;
    const head = to === null || to === undefined ? undefined : at.get(to);
    if (head !== undefined && head <= tail) back.push([head, tail]);
  }
  // Tails ascend; a loop holds another exactly if the greatest head of a smaller tail is not before its own.
  let deepest = -1;
  return back.filter(([head]) => {
    const holdsAnother = deepest >= head;
    deepest = Math.max(deepest, head);
    return !holdsAnother;
  });
}
