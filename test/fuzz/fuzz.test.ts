import { describe, expect, it } from 'vitest';
import { corpus } from './corpus.ts';
import { execute } from './execute.ts';
import { fileOf, fuzz } from './fuzz.ts';

describe('the fuzzer', () => {
  const seeds = corpus();

  it('starts from sound files, which are accepted', () => {
    expect(seeds.length).toBeGreaterThan(300);
    const outcomes = seeds.map(({ name, bytes }) => `${name}: ${execute(bytes, false)}`);
    expect(outcomes.filter((outcome) => !outcome.endsWith('accepted'))).toEqual([]);
  });

  it('draws the same file for the same number, and others for others', () => {
    const file = (run: number) => fileOf(seeds, 1, run).bytes;
    expect(file(12)).toEqual(file(12));
    const files = Array.from({ length: 300 }, (_, run) => Buffer.from(file(run)).toString('base64'));
    expect(new Set(files).size).toBeGreaterThan(290);
  });

  it('finds no file that does anything but be imported or refused', () => {
    const { outcomes, failures, slowest } = fuzz(seeds, 2, 0, 8_000);
    expect(failures).toEqual([]);
    expect(slowest.seconds).toBeLessThan(1);
    // Spoilt enough to be refused, and sound enough to be run.
    for (const outcome of ['damaged', 'refused', 'accepted', 'run'] as const)
      expect(outcomes.get(outcome)).toBeGreaterThan(200);
  });
});
