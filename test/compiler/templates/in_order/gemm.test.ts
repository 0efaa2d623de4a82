import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../../src/compiler/targets/index.ts';
import type { GemmSchedule } from '../../../../src/compiler/templates/gemm/space.ts';
import { CORTEX_A53, REGISTERS } from '../../../../src/compiler/templates/in_order/core.ts';
import {
  iterationsOf,
  type KSumsTile,
  kSumsIteration,
  kSumsLoop,
  kSumsStart,
} from '../../../../src/compiler/templates/in_order/gemm.ts';
import { floatIteration, floatLoop, floatStart } from '../../../../src/compiler/templates/in_order/gemm_f32.ts';
import {
  type Instruction,
  OPERATIONS,
  type OperationName,
} from '../../../../src/compiler/templates/in_order/instruction.ts';
import { cyclesOf } from '../../../../src/compiler/templates/in_order/pipeline.ts';
import { schedule } from '../../../../src/compiler/templates/in_order/schedule.ts';
import { GEMM } from '../../../../src/compiler/templates/index.ts';
import { gemmWorkload } from '../gemm/workloads.ts';
import { Products } from './products.ts';
import { readsFirst } from './terms.ts';

const target = parseTarget('cortex-a53');
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Every tile of the space, once. */
function tilesOf(data: 'int8' | 'float32'): GemmSchedule[] {
  const workload = gemmWorkload({ data, operands: data, m: 64, n: 64, k: 64 });
  const key = ({ mr, nr, kBlocks, singles }: GemmSchedule) => `${mr} ${nr} ${kBlocks} ${singles}`;
  return [...new Map([...GEMM.space(workload, target)].map((s) => [key(s), s])).values()];
}

const K_SUMS_TILES = tilesOf('int8')
  .filter(({ kernel }) => kernel === 'k_sums')
  .map(
    ({ mr, nr, kBlocks = 1, singles = false }, i): KSumsTile => ({ mr, nr, kBlocks, singles, unsigned: i % 2 === 1 }),
  );
const FLOAT_TILES = tilesOf('float32').flatMap(({ mr, nr }) => (mr >= 5 && nr >= 8 ? [{ mr, nr }] : []));

/** How many there are of each instruction. */
function counts(block: readonly Instruction[]): Partial<Record<OperationName, number>> {
  const found: Partial<Record<OperationName, number>> = {};
  for (const { name } of block) found[name] = (found[name] ?? 0) + 1;
  return found;
}

const vectors = (block: readonly Instruction[]): Set<string> =>
  new Set(block.flatMap(({ name, operands }) => operands.filter((_, i) => OPERATIONS[name].roles[i].endsWith('w'))));

/** Cycles for which the vector unit is taken. */
const work = (block: readonly Instruction[]): number =>
  block
    .map(({ kind }) => CORTEX_A53.timing[kind])
    .reduce((sum, { unit, occupancy }) => sum + (unit === 'vector' ? occupancy : 0), 0);

const label = ({ mr, nr, kBlocks, singles }: KSumsTile): string => `${mr} x ${nr} x ${kBlocks}${singles ? ' + 1' : ''}`;

test('there are tiles', () => {
  expect(K_SUMS_TILES.length).toBeGreaterThan(20);
  expect(FLOAT_TILES.length).toBeGreaterThan(5);
});

describe.each(K_SUMS_TILES.map((tile) => [label(tile), tile] as const))('sums in 16 bits, %s', (_, tile) => {
  const { mr, nr, kBlocks, singles, unsigned } = tile;
  const ordered = iterationsOf(tile).map((iteration) => ({
    ...iteration,
    block: schedule(kSumsIteration(tile, iteration), CORTEX_A53),
  }));

  test('iterations multiply each block of each row with each pair of columns', () => {
    for (const { blocks, next, first, block } of ordered) {
      const zips = kBlocks === 4 && mr > 1;
      const pairs = nr / 2;
      const sums = mr * pairs;
      // The first two sums of the next iteration begin here, those of this one have begun before.
      const ahead = (mine: number, its: number) => sums * mine - mine + its;
      const loads = (pairs - 3) * blocks + 3 * next;
      const moves = (pairs - 2) * blocks + 2 * next + (mr === 1 ? next - blocks : 0);
      const found = counts(block);
      expect(found.smull).toBe(sums);
      expect(found.smlal2).toBe(ahead(blocks, next));
      expect(found.smlal ?? 0).toBe(ahead(blocks - 1, next - 1));
      expect(found[first ? 'saddlp' : 'sadalp']).toBe(sums);
      expect(found.load_block).toBe(mr * next);
      expect(found.load_next).toBe(kBlocks);
      expect(found.load_pair! - (mr === 1 ? next - blocks : 0)).toBe(loads);
      expect(found.fmov).toBe(moves + mr * next);
      expect(found.ins).toBe(moves + (zips ? 0 : mr * next));
      expect(found.flip ?? 0).toBe(unsigned ? mr * next : 0);
    }
  });

  test('accumulators get the products of all K-blocks, each once', () => {
    const state = new Products();
    state.run(schedule(kSumsStart(tile), CORTEX_A53));
    const lengths = singles ? [kBlocks, kBlocks, 1, 1, kBlocks] : [kBlocks, kBlocks, kBlocks];
    const rounds = lengths.slice(0, -1).map((blocks, i) => ({ blocks, next: lengths[i + 1], first: i === 0 }));
    for (const { blocks, next, first } of rounds)
      state.run(ordered.find((r) => r.blocks === blocks && r.next === next && r.first === first)!.block);
    const flipped = unsigned ? 'flipped ' : '';
    for (const i of range(mr)) {
      for (const u of range(nr / 2)) {
        let weights = 0;
        const expected = rounds.flatMap(({ blocks }, iteration) => {
          const first = weights + u * blocks;
          weights += (nr / 2) * blocks;
          return range(blocks).flatMap((b) =>
            ['lower', 'upper'].map(
              (h) => `${flipped}s->row[${i}][${iteration * kBlocks + b}].${h} * w${first + b}.${h}`,
            ),
          );
        });
        expect(state.terms(`s->acc[${i}][${u}]`)).toEqual(expected.sort());
      }
    }
  });

  test('an iteration finds what the start or the iteration before has left, in the registers that there are', () => {
    const given = /^s->(row|acc|weights|order)/;
    const start = kSumsStart(tile);
    for (const { blocks, first, block } of ordered) {
      const written = new Set(
        blocks === kBlocks ? start.flatMap(({ writes }) => writes) : block.flatMap((i) => i.writes),
      );
      const missing = [...readsFirst(block)].filter((r) => !written.has(r) && !given.test(r));
      expect(missing).toEqual([]);
      if (first) expect([...readsFirst(block)].filter((r) => r.startsWith('s->acc'))).toEqual([]);
      expect(vectors(block).size).toBeLessThanOrEqual(REGISTERS);
    }
  });

  test('the vector unit hardly waits', () => {
    for (const { blocks, next, block } of ordered) {
      // With one or two rows, weights are read but once or twice, and their way to the vector unit is what takes longest.
      if (mr > 2 && blocks === next) expect(cyclesOf(block, CORTEX_A53)).toBeLessThanOrEqual(1.06 * work(block));
    }
  });

  test('the loop has a part for each iteration', () => {
    const { name, text } = kSumsLoop(tile);
    expect(text.startsWith(`IG_INLINE void ${name}(`)).toBe(true);
    expect(text.match(/part == IO_/g)).toHaveLength(1 + ordered.length);
  });
});

describe.each(FLOAT_TILES.map((tile) => [`${tile.mr} x ${tile.nr}`, tile] as const))('float32, %s', (_, tile) => {
  const { mr, nr } = tile;
  const block = schedule(floatIteration(tile), CORTEX_A53);

  test('an iteration multiplies two values of each row with each register of weights', () => {
    expect(counts(block)).toEqual({
      ...{ fmla_0: (mr * nr) / 4, fmla_1: (mr * nr) / 4, load: mr, load_pair: nr / 2, ins: nr / 2, fmov: nr / 2 + mr },
    });
    expect(vectors(block).size).toBeLessThanOrEqual(REGISTERS);
  });

  test('accumulators get the products of all iterations, each once and in the order of k', () => {
    const state = new Products();
    state.set('k', '0');
    for (const i of range(mr)) for (const v of range(nr / 4)) state.set(`s->acc[${i}][${v}]`, []);
    state.run(schedule(floatStart(tile), CORTEX_A53));
    for (const round of [1, 2, 3]) {
      state.set('k', String(round));
      state.run(block);
    }
    for (const i of range(mr)) {
      for (const v of range(nr / 4)) {
        const expected = range(6).map((k) => {
          const w = `w${(k * nr) / 4 + v}`;
          return `${w}.lower, ${w}.upper * s->row[${i}][${k >> 1}][${k % 2}]`;
        });
        expect(state.terms(`s->acc[${i}][${v}]`)).toEqual(expected.sort());
      }
    }
    // Sums of floats depend on their order.
    for (const i of range(mr)) {
      const lanes = block.filter(({ writes }) => writes[0] === `s->acc[${i}][0]`).map(({ name }) => name);
      expect(lanes).toEqual(['fmla_0', 'fmla_1']);
    }
  });

  test('FMLA hardly waits', () => {
    expect(cyclesOf(block, CORTEX_A53)).toBeLessThanOrEqual(1.06 * work(block));
    expect(floatLoop(tile).text).toContain('part == IO_NEXT');
  });
});
