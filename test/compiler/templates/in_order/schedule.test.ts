import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CORTEX_A53 } from '../../../../src/compiler/templates/in_order/core.ts';
import { dependences } from '../../../../src/compiler/templates/in_order/dependences.ts';
import {
  type Instruction,
  instruction,
  OPERATIONS,
  type OperationName,
} from '../../../../src/compiler/templates/in_order/instruction.ts';
import { cyclesOf, issueCycles } from '../../../../src/compiler/templates/in_order/pipeline.ts';
import { schedule } from '../../../../src/compiler/templates/in_order/schedule.ts';
import { readsFirst, Terms } from './terms.ts';

const NAMES = Object.keys(OPERATIONS) as OperationName[];

/** Instructions on few registers, so that they depend on each other in every way. */
const instructions: fc.Arbitrary<Instruction> = fc
  .tuple(fc.constantFrom(...NAMES), fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 3, maxLength: 3 }))
  .map(([name, numbers]) => {
    const { roles } = OPERATIONS[name];
    // Two results never go to one register.
    const places = roles.map(
      (role, i) => `${/w/.test(role) ? 'v' : 'x'}${(numbers[i] + (/=/.test(role) ? i : 0)) % 8}`,
    );
    return instruction(name, ...places);
  })
  .filter(({ writes }) => new Set(writes).size === writes.length);
const blocks = (most: number): fc.Arbitrary<Instruction[]> => fc.array(instructions, { minLength: 1, maxLength: most });

const texts = (block: readonly Instruction[]): string[] =>
  block.map(({ name, operands }) => [name, ...operands].join(' '));

describe('a schedule', () => {
  test('holds the same instructions, and computes what program order computes', () => {
    fc.assert(
      fc.property(blocks(40), (block) => {
        const order = schedule(block, CORTEX_A53);
        expect(texts(order).sort()).toEqual(texts(block).sort());
        const terms = new Terms();
        expect(terms.run(order)).toEqual(terms.run(block));
      }),
    );
  });

  test('of a rotated loop computes what the loop computes', () => {
    fc.assert(
      fc.property(blocks(20), blocks(20), fc.integer({ min: 1, max: 4 }), (head, rest, rounds) => {
        const terms = new Terms();
        const repeat = (block: readonly Instruction[], count: number) =>
          Array.from({ length: count }, () => block).flat();
        const rolled = terms.run(repeat([...head, ...rest], rounds));
        const start = terms.run(schedule(head, CORTEX_A53));
        const body = schedule([...rest, ...head], CORTEX_A53);
        expect(terms.run(rest, terms.run(repeat(body, rounds - 1), start))).toEqual(rolled);
      }),
    );
  });

  test('is the same every time', () => {
    fc.assert(
      fc.property(blocks(30), (block) => {
        expect(texts(schedule(block, CORTEX_A53))).toEqual(texts(schedule([...block], CORTEX_A53)));
      }),
      { numRuns: 20 },
    );
  });

  test('takes no more cycles than program order', () => {
    fc.assert(
      fc.property(blocks(40), (block) => {
        expect(cyclesOf(schedule(block, CORTEX_A53), CORTEX_A53)).toBeLessThanOrEqual(cyclesOf(block, CORTEX_A53));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the cycles in which a sequence issues', () => {
  test('leave each dependence its latency, each cycle its slots and each unit its time', () => {
    fc.assert(
      fc.property(blocks(40), (block) => {
        const cycles = issueCycles(block, CORTEX_A53);
        for (const { from, to, cycles: latency } of dependences(block, CORTEX_A53))
          expect(cycles[to] - cycles[from]).toBeGreaterThanOrEqual(latency);
        const last = cycles[block.length - 1];
        for (let at = 0; at <= last; at++)
          expect(cycles.filter((cycle) => cycle === at).length).toBeLessThanOrEqual(CORTEX_A53.width);
        for (const unit of ['vector', 'memory'] as const) {
          const work = block.map(({ kind }) => CORTEX_A53.timing[kind]).filter((timing) => timing.unit === unit);
          const all = work.slice(0, -1).reduce((sum, { occupancy }) => sum + occupancy, 0);
          expect(last + 1).toBeGreaterThanOrEqual(Math.floor(all));
        }
      }),
    );
  });

  test('count what an instruction waits for', () => {
    const product = instruction('smull', 'sum', 'x', 'w');
    const more = instruction('smlal', 'sum', 'x', 'w');
    const wide = instruction('sadalp', 'acc', 'sum');
    const load = instruction('load_pair', 'a', 'b', 'weights');
    expect(issueCycles([product, more, more, wide], CORTEX_A53)).toEqual([0, 4, 5, 9]);
    // Beside arithmetic, at an address that is ready in the next cycle; but loading a pair takes two.
    expect(issueCycles([product, load, instruction('smull', 'other', 'x', 'w'), load], CORTEX_A53)).toEqual([
      0, 0, 1, 2,
    ]);
    // Four moves take a cycle of the vector unit.
    const moves = ['p', 'q', 'r', 's'].map((to) => instruction('fmov', to, 'a'));
    const products = ['t', 'u', 'v', 'y', 'z'].map((to) => instruction('smull', to, 'x', 'w'));
    const mixed = products.flatMap((one, i) => [...moves.slice(i, i + 1), one]);
    expect(issueCycles(mixed, CORTEX_A53)).toEqual([0, 0, 1, 1, 2, 2, 3, 4, 5]);
  });
});

test('what a sequence reads first is what it finds', () => {
  const sequence = [instruction('fmov', 'x', 'a'), instruction('smlal', 'sum', 'x', 'w')];
  expect(readsFirst(sequence)).toEqual(new Set(['a', 'sum', 'w']));
});
