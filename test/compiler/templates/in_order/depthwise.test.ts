import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CORTEX_A53, REGISTERS } from '../../../../src/compiler/templates/in_order/core.ts';
import {
  extremesOf,
  firstColumns,
  kernelColumns,
  type Steps,
  stepOf,
  stepsOf,
  storeHeld,
  Window,
} from '../../../../src/compiler/templates/in_order/depthwise.ts';
import { type Instruction, OPERATIONS } from '../../../../src/compiler/templates/in_order/instruction.ts';
import { cyclesOf } from '../../../../src/compiler/templates/in_order/pipeline.ts';
import { schedule } from '../../../../src/compiler/templates/in_order/schedule.ts';
import { Products } from './products.ts';

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const NINE = range(9);

/** Layers: any width, sums that end anywhere, some taps twice, any type and limits. */
const layers: fc.Arbitrary<Steps> = fc
  .record({
    stride: fc.constantFrom<1 | 2>(1, 2),
    width: fc.integer({ min: 1, max: 23 }),
    twice: fc.subarray(NINE),
    ends: fc.bigInt({ min: 0n, max: (1n << 18n) - 1n }),
    unsigned: fc.boolean(),
    flips: fc.boolean(),
    low: fc.constantFrom(0, 3),
    high: fc.constantFrom(100, 127),
  })
  .map(({ twice, ends, ...rest }) => {
    const taps = NINE.flatMap((tap) => (twice.includes(tap) ? [tap, tap] : [tap]));
    const last = 1n << BigInt(taps.length - 1);
    return { ...rest, taps, cuts: (ends & (last - 1n)) | last };
  });

/** What pixel `i` of a step at `rows` is, by the definition of the convolution. */
function resultOf(steps: Steps, i: number, rows: readonly string[]): string {
  const { stride, taps, cuts, unsigned, flips, low, high } = steps;
  const sums: string[][] = [[]];
  taps.forEach((tap, p) => {
    const column = i * stride + kernelColumns(stride)[tap % 3];
    sums[sums.length - 1].push(`${flips ? 'flipped ' : ''}${rows[Math.floor(tap / 3)]}[${column} * channels] * w${p}`);
    if (((cuts >> BigInt(p)) & 1n) === 1n && p + 1 < taps.length) sums.push([]);
  });
  const half = (which: 'lower' | 'upper', h: number): string => {
    const scaled = sums.map((terms) => `${which} (${terms.sort().join(' + ')}) * scale`);
    return `((${scaled.sort().join(' + ')}) * multiplier${h}) + offset${h}`;
  };
  const narrow = `${unsigned ? 'sqxtun' : 'sqxtn'} ${half('lower', 0)}, ${half('upper', 1)}`;
  const [max, min, least, most] = unsigned ? ['umax', 'umin', 0, 255] : ['smax', 'smin', -128, 127];
  const above = low > Number(least) ? `${max} ${narrow} low` : narrow;
  return high < Number(most) ? `${min} ${above} high` : above;
}

test('steps make up rows', () => {
  for (const width of range(200).slice(1)) {
    const sizes = stepsOf(width);
    expect(sizes.reduce((sum, [pixels, count]) => sum + pixels * count, 0)).toBe(width);
    for (const [pixels] of sizes) expect(pixels).toBeLessThanOrEqual(4);
  }
});

describe('the steps of a depthwise convolution', () => {
  test('store each pixel of three rows, in order', () => {
    fc.assert(
      fc.property(layers, (steps) => {
        const window = new Window(steps);
        const { narrowest: held } = extremesOf(steps.width);
        const sizes = range(3).flatMap(() =>
          stepsOf(steps.width).flatMap(([pixels, count]) => range(count).map(() => pixels)),
        );
        const blocks = new Map(sizes.map((pixels) => [pixels, schedule(stepOf(steps, window, pixels), CORTEX_A53)]));
        const state = new Products();
        const rows = (step: number): string[] => range(3).map((row) => `step${step}.row${row}`);
        const turn = (step: number): void => {
          for (const row of range(3)) {
            state.set(`row${row}`, rows(step)[row]);
            state.set(`next${row}`, rows(step + 1)[row]);
          }
        };
        for (const p of steps.taps.keys()) state.set(`w${p}`, { lo: `w${p}`, hi: `w${p}` });
        for (const k of range(held)) state.set(`held${k}`, 'nothing');
        turn(0);
        state.run(firstColumns(window));
        const found: string[] = [];
        // The address to which `ready` points is as many pixels behind.
        let ready = 0;
        let to = 0;
        const collect = (): void => {
          for (const [base, at, value] of state.stored.splice(0)) {
            const [, offset] = /^(\d+) \* channels$/.exec(at)!;
            found[(base === 'ready' ? ready : to) + Number(offset)] = value;
          }
        };
        sizes.forEach((pixels, step) => {
          turn(step);
          state.run(blocks.get(pixels)!);
          collect();
          ready = to + pixels - held;
          to += pixels;
        });
        state.run(storeHeld(steps));
        collect();
        const expected = sizes.flatMap((pixels, step) => range(pixels).map((i) => resultOf(steps, i, rows(step))));
        expect(found).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('take an instruction for each product, two to widen a sum, and two for every stage of the end', () => {
    fc.assert(
      fc.property(layers, (steps) => {
        const window = new Window(steps);
        const sums = range(steps.taps.length).filter((p) => (steps.cuts >> BigInt(p)) & 1n).length;
        for (const [pixels] of stepsOf(steps.width)) {
          const block = stepOf(steps, window, pixels);
          const count = (name: RegExp): number => block.filter((one) => name.test(one.name)).length;
          expect(count(/^sm(ull|lal)2?$/)).toBe(steps.taps.length * pixels);
          expect(count(/^smull2?$/)).toBe(sums * pixels);
          expect(count(/^sm(ull|lal)2?_s$/)).toBe(2 * sums * pixels);
          expect(count(/^sqdmulh$/)).toBe(2 * pixels);
          expect(count(/^addhn2?$/)).toBe(2 * pixels);
          expect(count(/^(store|sqxtu?n)$/)).toBe(2 * pixels);
          // A column of each row comes once, whatever the step.
          expect([count(/^load$/), count(/^(fmov|ins)$/)]).toEqual([3 * window.columns, 3 * window.columns]);
        }
      }),
      { numRuns: 20 },
    );
  });
});

/** The most vector registers that hold something which is still to be read, in a loop. */
function mostLive(body: readonly Instruction[]): number {
  const live = new Set<string>();
  let most = 0;
  // Backwards, twice: what the next iteration reads lives, too.
  for (const { name, operands } of [...body, ...body].reverse()) {
    const { roles } = OPERATIONS[name];
    const of = (...wanted: string[]) => operands.filter((_, i) => wanted.includes(roles[i]));
    for (const register of of('=w')) live.delete(register);
    for (const register of of('w', '+w')) live.add(register);
    most = Math.max(most, live.size);
  }
  return most;
}

test.each([1, 2] as const)(
  'with stride %i, registers hold what is live, and the vector unit hardly waits',
  (stride) => {
    const cuts = [0b100010010n, 0b100000000n, 0b101010101n, 0b100001000n];
    for (const width of [7, 10, 14, 112]) {
      for (const one of cuts) {
        const steps: Steps = {
          stride,
          width,
          cuts: one,
          taps: NINE,
          unsigned: false,
          flips: false,
          low: -128,
          high: 100,
        };
        for (const [pixels] of stepsOf(width)) {
          const body = schedule(stepOf(steps, new Window(steps), pixels), CORTEX_A53);
          expect(mostLive(body)).toBeLessThanOrEqual(REGISTERS);
          const timings = body.map(({ kind }) => CORTEX_A53.timing[kind]).filter(({ unit }) => unit === 'vector');
          const work = timings.reduce((sum, { occupancy }) => sum + occupancy, 0);
          expect(cyclesOf(body, CORTEX_A53)).toBeLessThanOrEqual(1.15 * work);
        }
      }
    }
  },
);
