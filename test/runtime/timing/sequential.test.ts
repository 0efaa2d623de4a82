import { describe, expect, test } from 'vitest';
import { measureLaunches, type SequentialOptions } from '../../../src/runtime/timing/sequential.ts';
import { normals, observed, type Synthetic } from './synthetic.ts';

/** Runs a measurement on a clock that only launches and pauses move. */
async function run(what: (index: number) => Synthetic, options: SequentialOptions & { launchMs?: number } = {}) {
  let now = 0;
  const starts: number[] = [];
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      now += ms;
    },
  };
  const figures = await measureLaunches(
    async (index) => {
      starts.push(now);
      now += options.launchMs ?? 500;
      return observed(what(index));
    },
    { ...options, clock },
  );
  return { figures, starts, ms: now };
}

const noisy = (seed: number, offset: number, ratio = 2): ((index: number) => Synthetic) => {
  const normal = normals(seed);
  return () => {
    const moved = Math.exp(offset * normal());
    return { ns: [100, 100 * ratio, 100], factor: (slot) => (slot === 1 ? moved : 1) * Math.exp(0.01 * normal()) };
  };
};

describe('a measurement', () => {
  test('ends at the first look when that decides, spread over eight seconds', async () => {
    const { figures, starts } = await run(noisy(1, 0.03), { decided: () => true });
    expect(figures.launches).toBe(5);
    expect(starts).toEqual([0, 2000, 4000, 6000, 8000]);
  });

  test('goes on to looks at eight and twelve launches while nothing is decided', async () => {
    const seen: number[] = [];
    const decided = ({ launches }: { launches: number }) => seen.push(launches) === 9;
    const all = await run(noisy(2, 0.03), { decided });
    expect(all.figures.launches).toBe(12);
    expect(all.starts).toEqual(Array.from({ length: 12 }, (_, i) => 2000 * i));
    expect(seen).toEqual([5, 8, 12]);
    expect((await run(noisy(2, 0.03), { decided: ({ launches }) => launches === 8 })).figures.launches).toBe(8);
  });

  test('ends when it is precise, or when the next look would come too late', async () => {
    expect((await run(noisy(3, 0), { precision: 0.01 })).figures.launches).toBe(5);
    expect((await run(noisy(3, 0.02), { precision: 0.01 })).figures.launches).toBe(12);
    // Three further launches of 4 s each end at 32 s, four more at 48 s.
    const { figures, ms } = await run(noisy(3, 0.02), { launchMs: 4000, budgetMs: 40_000 });
    expect([figures.launches, ms]).toEqual([8, 32_000]);
    expect((await run(noisy(3, 0.02), { launchMs: 60_000 })).figures.launches).toBe(5);
  });

  test('makes up for disturbed launches, but not for ever', async () => {
    const disturbed = (index: number): Synthetic => (index % 3 === 1 ? { memory: () => 1.5 } : {});
    const { figures, starts } = await run(disturbed, { decided: () => true });
    expect(figures).toMatchObject({ launches: 5, disturbed: 2, unfit: null });
    expect(starts).toHaveLength(7);
    const always = await run((index) => ({ waited: index === 0 ? 0 : 0.5 }));
    expect(always.starts).toHaveLength(16);
    expect(always.figures.unfit).toMatch(/^15 of 16 launches were disturbed/);
  });

  test('ends early on a disturbed machine where even so wide an interval decides', async () => {
    const disturbed = (p: number) => p % 10 < 6;
    const busy = (): Synthetic => ({
      ns: [100, 50, 100],
      memory: (p) => (disturbed(p) ? 1.3 : 1),
      factor: (slot, p) => (slot === 1 && disturbed(p) ? 1.3 : 1),
    });
    const required = (limit: number) =>
      run(busy, { decided: ({ interval: [low, high] }) => low >= limit || high < 0.98 * limit });
    const far = await required(2.5);
    expect(far.figures).toMatchObject({ launches: 5, disturbed: 5 });
    expect(far.figures.interval[1]).toBeLessThan(1.2);
    expect((await required(0.7)).starts).toHaveLength(16);
  });

  test('has an interval that holds the truth however launches differ and wherever it stops', async () => {
    for (const offset of [0, 0.01, 0.03]) {
      let held = 0;
      for (let trial = 0; trial < 300; trial++) {
        const { figures } = await run(noisy(1000 + trial, offset, 1.5), {
          decided: ({ interval: [low, high] }) => low >= 1.5 || high < 1.47,
          precision: 0.005,
        });
        if (figures.interval[0] <= 1.5 && 1.5 <= figures.interval[1]) held++;
      }
      // 0.95 less two standard errors.
      expect(held / 300, `offset ${offset}`).toBeGreaterThan(0.925);
    }
  }, 60_000);
});
