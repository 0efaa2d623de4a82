import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { choose, fastest, recordOf, type ScheduleSpace, sourceOf } from '../../../src/compiler/templates/index.ts';

interface Points {
  readonly name: string;
  /** Cycles by schedule. */
  readonly cycles: readonly number[];
}

/** Schedules are numbers, odd ones illegal. */
const SPACE: ScheduleSpace<Points, number> = {
  ...{ name: 'points', version: 3, knobs: z.int(), key: ({ name }) => `points ${name}` },
  *space({ cycles }) {
    for (const schedule of cycles.keys()) if (schedule % 2 === 0) yield schedule;
  },
  legal: (_, schedule) => (schedule % 2 === 0 ? null : `${schedule} is odd`),
  cycles: ({ cycles }, schedule) => cycles[schedule],
};
const target = parseTarget('neoverse-n1');
const points = (...cycles: number[]): Points => ({ name: 'p', cycles });

test('the default is the legal schedule of fewest cycles, of equals the last', () => {
  expect(fastest(SPACE, points(9, 1, 5, 1, 5, 1, 8), target)).toBe(4);
  expect(fastest(SPACE, points(3), target)).toBe(0);
  expect(() => fastest(SPACE, points(), target)).toThrow('no schedule');
});

test('a legal record comes before it, an illegal one is told of', () => {
  const refused: string[][] = [];
  const refuse = (...told: string[]) => void refused.push(told);
  const workload = points(9, 1, 5);
  const of = (schedule: number) => sourceOf([recordOf(SPACE, workload, schedule, target)]);
  expect(choose(SPACE, workload, { target, schedules: of(0), refuse })).toBe(0);
  expect(refused).toEqual([]);
  expect(choose(SPACE, workload, { target, schedules: of(1), refuse })).toBe(2);
  expect(refused).toEqual([['points p', 'its schedule is not legal: 1 is odd']]);
  expect(choose(SPACE, { ...workload, name: 'q' }, { target, schedules: of(0), refuse })).toBe(2);
  expect(refused).toHaveLength(1);
});
