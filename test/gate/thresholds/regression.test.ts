import { describe, expect, it } from 'vitest';
import type { Regression } from '../../../src/gate/figures/regression.ts';
import type { Measurements } from '../../../src/gate/thresholds/finding.ts';
import { confirm, judgeRegressions } from '../../../src/gate/verdict/judge.ts';
import { accuracyOf, latencyOf } from '../../report/sample.ts';

const none: Regression = { unchanged: false, accuracy: null, noAccuracy: null, latency: null, noLatency: null };
const measured = (regression: Partial<Regression>, more: Partial<Measurements> = {}): Measurements => ({
  ...{ accuracy: accuracyOf(), latency: latencyOf(), doubt: null, regression: { ...none, ...regression } },
  ...more,
});
const slowed = (slowdown: number, interval: [number, number] | null) => ({
  latency: { base: 2e6, slowdown, interval },
});

const check = (limits: Parameters<typeof judgeRegressions>[0], measurements: Measurements) =>
  judgeRegressions(limits, {}, measurements)[0];

describe('max-slowdown', () => {
  it.each([
    ['all of the interval within the limit', 1.02, [1.0, 1.04], 'pass', '≤'],
    ['the interval at the limit', 1.04, [1.02, 1.06], 'inconclusive', 'the interval contains the threshold'],
    ['beyond the limit, within the tolerance', 1.06, [1.055, 1.065], 'inconclusive', 'not shown to be beyond 1.070×'],
    [
      'beyond limit and tolerance',
      1.1,
      [1.08, 1.12],
      'fail',
      "INT8 latency over the baseline's is 1.10× (95 % interval 1.08× to 1.12×)",
    ],
    ['faster than before', 0.9, [0.89, 0.91], 'pass', '0.90×'],
  ] as [string, number, [number, number], string, string][])(
    'on hardware: %s',
    (_, slowdown, interval, status, words) => {
      const found = check({ 'max-slowdown': 5 }, measured(slowed(slowdown, interval)));
      expect(found).toMatchObject({
        id: 'regression.max-slowdown',
        status,
        measured: slowdown,
        threshold: 1.05,
        unit: 'ratio',
      });
      if (words !== '≤') expect(found.reason).toContain(words);
    },
  );

  it('of modelled cycles is exact, without a tolerance', () => {
    const cycles = latencyOf({ mode: 'modelled', unit: 'cycles', interval: null });
    const status = (slowdown: number) =>
      check({ 'max-slowdown': 5 }, measured(slowed(slowdown, null), { latency: cycles })).status;
    expect([status(1.05), status(1.0501), status(1.06)]).toEqual(['pass', 'fail', 'fail']);
    const exact = check({ 'max-slowdown': 0 }, measured(slowed(1.0001, null), { latency: cycles }));
    expect(exact).toMatchObject({ status: 'fail' });
    expect(exact.reason).toContain("over the baseline's is 1.0001×, 1.0000× allowed");
  });

  it('names the machine that is unfit where its wide interval leaves the limit open, and no other', () => {
    const doubt = 'this machine is unfit';
    const open = check({ 'max-slowdown': 5 }, measured(slowed(1.1, [0.9, 1.3]), { doubt }));
    expect(open).toMatchObject({ status: 'inconclusive', measured: 1.1 });
    expect(open.reason).toContain(doubt);
    const far = check({ 'max-slowdown': 5 }, measured(slowed(1.5, [1.2, 1.8]), { doubt }));
    expect(far).toMatchObject({ status: 'fail', measured: 1.5 });
    expect(far.reason).not.toContain(doubt);
  });

  it('is undecided without a measurement, for its reason', () => {
    expect(check({ 'max-slowdown': 5 }, measured({ noLatency: 'it does not import' }))).toMatchObject({
      ...{ status: 'inconclusive', measured: null, reason: 'it does not import' },
    });
  });

  it('that fails once and not again is inconclusive', () => {
    const [first, again] = [
      [1.08, 1.12],
      [1.0, 1.04],
    ].map((interval) =>
      judgeRegressions({ 'max-slowdown': 5 }, {}, measured(slowed(1.1, interval as [number, number]))),
    );
    expect(confirm(first, first)[0].status).toBe('fail');
    expect(confirm(first, again)[0].status).toBe('inconclusive');
  });
});

describe('max-accuracy-drop against a baseline', () => {
  const lost = (drop: number, low: number, high: number, byPoint = false) => ({
    accuracy: {
      ...{ base: 0.92, drop, interval: [low, high] as [number, number], byPoint, discordant: null },
      bounds: byPoint ? null : { low, high, deviation: 20 },
    },
  });
  it.each([
    [0.2, -0.5, 0.9, 'pass'],
    [0.2, -0.5, 1.4, 'inconclusive'],
    [3, 1.2, 4.8, 'fail'],
  ])('a drop of %s within %s and %s: %s', (drop, low, high, status) => {
    const accuracy = accuracyOf({ bounds: { ...accuracyOf().bounds, confidence: 0.8 } });
    const found = check({ 'max-accuracy-drop': 1 }, measured(lost(drop, low, high), { accuracy }));
    expect(found).toMatchObject({ id: 'regression.max-accuracy-drop', status, measured: drop, threshold: 1 });
    expect(found.reason).toContain('from 92.00 % at the baseline to 90.00 %');
  });

  it('against a report goes by the point', () => {
    expect(check({ 'max-accuracy-drop': 1 }, measured(lost(1, 0, 0, true))).status).toBe('pass');
    expect(check({ 'max-accuracy-drop': 1 }, measured(lost(1.1, 0, 0, true))).status).toBe('fail');
  });

  it('of one and the same file is none', () => {
    const [drop, slowdown] = judgeRegressions(
      { 'max-accuracy-drop': 0, 'max-slowdown': 0 },
      {},
      measured({ unchanged: true }),
    );
    expect([drop.status, drop.measured, slowdown.status, slowdown.measured]).toEqual(['pass', 0, 'pass', 1]);
    expect(drop.reason).toContain('the same as at the baseline');
  });
});
