import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Accuracy } from '../../../src/gate/figures/accuracy.ts';
import type { Measurements } from '../../../src/gate/thresholds/finding.ts';
import type { Thresholds } from '../../../src/gate/thresholds/index.ts';
import { confirm, judge } from '../../../src/gate/verdict/judge.ts';
import { type Status, worst } from '../../../src/gate/verdict/report.ts';
import { accuracyOf, latencyOf } from '../../report/sample.ts';

const check = (thresholds: Thresholds, measured: Partial<Measurements> = {}) =>
  judge(thresholds, {}, { accuracy: accuracyOf(), latency: latencyOf(), doubt: null, ...measured });
const statusOf = (...args: Parameters<typeof check>): Status => check(...args)[0].status;

describe('accuracy', () => {
  it('is judged by the point where it shall be, to the threshold itself', () => {
    const accuracy = accuracyOf({ int8: 0.58, fp32: 0.6, drop: 100 * (0.6 - 0.58) });
    expect(statusOf({ 'max-accuracy-drop': 2 }, { accuracy })).toBe('pass');
    expect(statusOf({ 'max-accuracy-drop': 1.99 }, { accuracy })).toBe('fail');
    expect(statusOf({ 'min-accuracy': 0.58 }, { accuracy })).toBe('pass');
    expect(statusOf({ 'min-accuracy': 0.59 }, { accuracy })).toBe('fail');
  });

  /** Bounds of one figure at a confidence; a single sample contributes `deviation`. */
  const bounded = (
    confidence: number | null,
    figure: 'int8' | 'drop' | 'agreement' | 'sqnr' | 'cosine',
    [low, high]: readonly [number, number],
    deviation = 20,
  ) => ({ bounds: { ...accuracyOf().bounds, confidence, [figure]: { low, high, deviation } } });

  it('says, where the point decides, when the data cannot resolve the threshold', () => {
    const accuracy = accuracyOf({ drop: 2, samples: 120, discordant: null, ...bounded(null, 'drop', [-1, 5]) });
    // (1.6449 + 0.8416)² · 20² / (1 − 2)² = 2473.02
    expect(check({ 'max-accuracy-drop': 1 }, { accuracy })[0]).toMatchObject({
      status: 'fail',
      reason:
        'top1 drops 2.00 points (95 % interval −1.00 to 5.00 points), from 90.00 % to 90.00 %, 1.00 points allowed; the 95 % interval contains the threshold: 120 samples cannot resolve it, about 2,500 would',
    });
    const clear = accuracyOf({ drop: 2, ...bounded(null, 'drop', [1.5, 3]) });
    expect(check({ 'max-accuracy-drop': 1 }, { accuracy: clear })[0].reason).not.toContain('resolve');
  });

  it.each([
    // Limit 1 point at 80 %: (0.8416 + 0.8416)² · s² / (1 − drop)² samples would decide.
    [
      0,
      [-1, 0.9],
      'pass',
      / \(80 % bounds −1\.00 to 0\.90 points\).*allowed; it is a narrow decision: about 1,100 samples would/,
    ],
    [0, [-1, 1], 'pass', /a narrow decision/],
    [0, [-1, 1.1], 'inconclusive', /allowed; 500 samples cannot decide it, about 1,100 would$/],
    [2, [0.9, 3], 'inconclusive', /500 samples cannot decide it, about 1,100 would$/],
    [2, [1.1, 3], 'fail', /a narrow decision: about 1,100 samples would make it clear$/],
    [4, [3, 5], 'fail', /1\.00 points allowed$/],
    [
      1,
      [0, 2],
      'inconclusive',
      /500 samples cannot decide it, and no number would: the figure is at the limit itself$/,
    ],
  ] as [number, [number, number], Status, RegExp][])(
    'a drop of %d points within %j: %s',
    (drop, range, status, reason) => {
      const accuracy = accuracyOf({ drop, samples: 500, discordant: null, ...bounded(0.8, 'drop', range) });
      const [found] = check({ 'max-accuracy-drop': 1 }, { accuracy });
      expect(found).toMatchObject({ status, measured: drop });
      expect(found.reason).toMatch(reason);
    },
  );

  it.each([
    ['min-accuracy', 0.9, 'int8'],
    ['min-agreement', 0.9, 'agreement'],
    ['min-cosine', 0.9, 'cosine'],
    ['min-sqnr', 20, 'sqnr'],
  ] as const)('%s is judged by its own bounds', (id, limit, figure) => {
    const of = (low: number, high: number) =>
      statusOf({ [id]: limit }, { accuracy: accuracyOf(bounded(0.8, figure, [low * limit, high * limit])) });
    expect([of(1, 1.1), of(0.9, 1.1), of(0.8, 0.99)]).toEqual(['pass', 'inconclusive', 'fail']);
  });

  it('max-error is judged by the bounds of the mean error', () => {
    const of = (low: number, high: number) =>
      check(
        { 'max-error': 0.5 },
        {
          accuracy: accuracyOf({ metric: 'mse', kind: 'error', int8: 0.4, ...bounded(0.95, 'int8', [low, high], 0.1) }),
        },
      )[0];
    expect([of(0.3, 0.5).status, of(0.3, 0.6).status, of(0.51, 0.6).status]).toEqual(['pass', 'inconclusive', 'fail']);
    expect(of(0.3, 0.5).reason).toBe('INT8 mse is 0.4 (95 % bounds 0.3 to 0.5), 0.5 allowed');
  });

  it('is inconclusive without bounds, but where the point decides', () => {
    const without = (samples: number) =>
      accuracyOf({ metric: 'auc', samples, bounds: { ...accuracyOf().bounds, confidence: 0.8 } });
    const [few] = check({ 'max-accuracy-drop': 1 }, { accuracy: without(29) });
    expect(few).toMatchObject({ status: 'inconclusive', measured: 0 });
    expect(few.reason).toMatch(/; 29 samples say too little of others, 30 are needed$/);
    expect(check({ 'max-accuracy-drop': 1 }, { accuracy: without(30) })[0].reason).toContain(
      'auc needs 20 of either kind',
    );
  });

  it('passes outputs that are equal, which leave nothing to resample', () => {
    const { comparison, bounds } = accuracyOf();
    const accuracy = accuracyOf({
      ...{ metric: 'mse', kind: 'error', int8: 0, bounds: { ...bounds, confidence: 0.8 } },
      comparison: { ...comparison, sqnr: null, noSqnr: 'equal' },
    });
    expect(statusOf({ 'max-error': 0.1 }, { accuracy })).toBe('pass');
  });

  it('holds figures against FP32 to their limits', () => {
    const { comparison } = accuracyOf();
    const accuracy = accuracyOf({ comparison: { ...comparison, agreement: 0.9, sqnr: 20, cosine: 0.99 } });
    expect(statusOf({ 'min-agreement': 0.9 }, { accuracy })).toBe('pass');
    expect(statusOf({ 'min-agreement': 0.95 }, { accuracy })).toBe('fail');
    expect(statusOf({ 'min-sqnr': 25 }, { accuracy })).toBe('fail');
    expect(statusOf({ 'min-cosine': 0.98 }, { accuracy })).toBe('pass');
    const none = accuracyOf({ comparison: { ...comparison, agreement: null } });
    expect(statusOf({ 'min-agreement': 0.9 }, { accuracy: none })).toBe('inconclusive');
  });

  it.each([
    ['equal', 'pass', 'INT8 outputs equal those of FP32'],
    ['no-signal', 'fail', 'the outputs of FP32 are all zero, those of INT8 are not: SQNR is −∞ dB, 25.0 dB required'],
    ['class-numbers', 'inconclusive', 'SQNR compares values, but the outputs are class numbers; use min-agreement'],
    ['not-finite', 'inconclusive', 'SQNR cannot be computed: the twin gives NaN or infinite values'],
  ] as const)('tells apart what an SQNR that is no number means: %s', (noSqnr, status, reason) => {
    const { comparison } = accuracyOf();
    const accuracy = accuracyOf({ comparison: { ...comparison, sqnr: null, noSqnr } });
    expect(check({ 'min-sqnr': 25 }, { accuracy })[0]).toMatchObject({ status, reason, measured: null });
  });

  it('prints as many digits as it takes to tell measured from required', () => {
    const { comparison } = accuracyOf();
    const reasonOf = (thresholds: Thresholds, more: Partial<Accuracy>) =>
      check(thresholds, { accuracy: accuracyOf(more) })[0].reason;
    expect(reasonOf({ 'min-cosine': 0.99999999999 }, { comparison: { ...comparison, cosine: 0.99999998 } })).toBe(
      'mean cosine to FP32 is 0.99999998, 0.99999999999 required',
    );
    expect(reasonOf({ 'min-accuracy': 0.9 }, { int8: 0.89999 })).toBe('INT8 top1 is 89.999 %, 90.000 % required');
    expect(reasonOf({ 'max-accuracy-drop': 1 }, { drop: 1.001 })).toContain('drops 1.001 points');
    const latency = latencyOf({ speedup: 0.21382, interval: [0.21371, 0.2139] });
    // Not in the interval, and not so far from it that it fails: 0.2142 less 2 %.
    expect(check({ 'min-speedup': 0.2142 }, { latency })[0].reason).toBe(
      'hardware speedup over FP32 is 0.2138× (95 % interval 0.2137× to 0.2139×), 0.2142× required; not shown to be beyond 0.210×, from where it fails',
    );
  });

  it('fails an error beyond its limit', () => {
    const accuracy = accuracyOf({ metric: 'mse', kind: 'error', int8: 0.3 });
    expect(statusOf({ 'max-error': 0.3 }, { accuracy })).toBe('pass');
    expect(statusOf({ 'max-error': 0.2 }, { accuracy })).toBe('fail');
  });
});

describe('speed', () => {
  it('is judged by the whole interval', () => {
    const bound = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(bound, bound, bound, (a, b, limit) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const status = statusOf(
          { 'min-speedup': limit },
          { latency: latencyOf({ speedup: (low + high) / 2, interval: [low, high] }) },
        );
        // Nothing fails between the limit and 2 % below it.
        const edge = Math.min(Math.abs(low / limit - 1), Math.abs(high / limit - 0.98));
        fc.pre(edge > 1e-6);
        expect(status).toBe(low >= limit ? 'pass' : high < 0.98 * limit ? 'fail' : 'inconclusive');
      }),
    );
  });

  it('is exact for modelled cycles', () => {
    const latency = latencyOf({ mode: 'modelled', unit: 'cycles', speedup: 1.3, interval: null });
    expect(statusOf({ 'min-speedup': 1.3 }, { latency })).toBe('pass');
    expect(statusOf({ 'min-speedup': 1.31 }, { latency })).toBe('fail');
  });

  it('compares latencies in their own unit only', () => {
    const latency = latencyOf({ int8: 4e6 });
    expect(statusOf({ 'max-latency': '4ms' }, { latency })).toBe('pass');
    expect(statusOf({ 'max-latency': '3.9ms' }, { latency })).toBe('fail');
    const [found] = check({ 'max-latency': '4Mcycles' }, { latency });
    expect(found).toMatchObject({ status: 'inconclusive', measured: null, threshold: 4e6, unit: 'cycles' });
  });

  it.each([
    [1.4, 'pass'],
    [1.45, 'pass'],
    [1.46, 'inconclusive'],
    [1.9, 'inconclusive'],
    [2.57, 'inconclusive'],
    [2.58, 'fail'],
  ])('judges a modelled speedup by what hardware may show: %d is %s', (limit, status) => {
    const latency = latencyOf({ mode: 'modelled', unit: 'cycles', speedup: 1.93, interval: [1.45, 2.57] });
    expect(statusOf({ 'min-speedup': limit }, { latency })).toBe(status);
  });

  it('says what would decide where the model cannot', () => {
    const latency = latencyOf({ mode: 'modelled', unit: 'cycles', speedup: 1.93, interval: [1.45, 2.57] });
    expect(check({ 'min-speedup': 1.9 }, { latency })[0].reason).toBe(
      'modelled speedup over FP32 is 1.93× (on hardware 1.45× to 2.57×), 1.90× required; the model cannot tell on which side of the threshold hardware is: measure on hardware',
    );
  });

  it.each([
    ['16ms', 'pass'],
    ['12ms', 'inconclusive'],
    ['9ms', 'fail'],
  ])('judges a time by the estimate for a board, and calls it one: %s is %s', (limit, status) => {
    const range: [number, number] = [10e6, 15e6];
    const estimate = {
      ...{ board: 'raspberry-pi-4', title: 'Raspberry Pi 4', threads: 1 },
      ...{ int8: 11e6, int8Interval: range, fp32: 20e6, fp32Interval: range },
    };
    const latency = latencyOf({ mode: 'modelled', unit: 'cycles', int8: 2e7, interval: [1.5, 2.5], estimate });
    const [found] = check({ 'max-latency': limit }, { latency });
    expect(found).toMatchObject({ status, measured: 11e6, unit: 'ns' });
    expect(found.reason).toMatch(
      /^estimated INT8 latency on Raspberry Pi 4 is 11 ms \(on the board 10 ms to 15 ms\), /,
    );
    // Cycles are the model's own unit, and exact.
    expect(statusOf({ 'max-latency': '20Mcycles' }, { latency })).toBe('pass');
    expect(statusOf({ 'max-latency': '19.9Mcycles' }, { latency })).toBe('fail');
  });

  it('judges a latency on hardware by its interval, and fails nothing within 5 % of the limit', () => {
    const of = (low: number, high: number) =>
      check({ 'max-latency': '4ms' }, { latency: latencyOf({ int8: (low + high) / 2, int8Interval: [low, high] }) })[0];
    expect(of(3.9e6, 4e6).status).toBe('pass');
    expect(of(3.9e6, 4.1e6)).toMatchObject({ status: 'inconclusive', measured: 4e6, threshold: 4e6 });
    expect(of(3.9e6, 4.1e6).reason).toBe(
      'hardware INT8 latency is 4 ms (95 % interval 3.9 ms to 4.1 ms), 4 ms allowed; the interval contains the threshold',
    );
    expect(of(4.1e6, 4.3e6).reason).toMatch(/4 ms allowed; not shown to be beyond 4\.2 ms, from where it fails$/);
    expect(of(4.21e6, 4.3e6).status).toBe('fail');
  });

  it('goes by the interval on an unfit machine, too, and says why that is wide where it does not decide', () => {
    const latency = latencyOf({ speedup: 2, interval: [1, 4] });
    const of = (limit: number) => check({ 'min-speedup': limit }, { latency, doubt: 'the machine was busy' })[0];
    expect([0.9, 1.5, 9].map((limit) => of(limit).status)).toEqual(['pass', 'inconclusive', 'fail']);
    expect(of(1.5).reason).toMatch(/required; the machine was busy$/);
    expect(of(9).reason).toMatch(/required$/);
    expect(check({ 'min-speedup': 1 }, { latency: null, doubt: 'no such thing' })[0]).toMatchObject({
      status: 'inconclusive',
      reason: 'no such thing',
    });
  });

  it('fails nothing within the tolerance that the configuration sets', () => {
    const speedup = latencyOf({ speedup: 1.9, interval: [1.89, 1.91] });
    const status = (tolerance?: number) => statusOf({ 'min-speedup': 2 }, { latency: speedup, tolerance });
    expect([undefined, 0, 0.04, 0.06].map(status)).toEqual(['fail', 'fail', 'fail', 'inconclusive']);
    const latency = latencyOf({ int8: 4.2e6, int8Interval: [4.15e6, 4.25e6] });
    const late = (tolerance?: number) => statusOf({ 'max-latency': '4ms' }, { latency, tolerance });
    expect([undefined, 0, 0.03, 0.05].map(late)).toEqual(['inconclusive', 'fail', 'fail', 'inconclusive']);
  });

  it('fails only when a second measurement fails too', () => {
    const slow = check(
      { 'min-speedup': 2, 'max-accuracy-drop': 0 },
      { latency: latencyOf({ speedup: 1, interval: [0.9, 1.1] }), accuracy: accuracyOf({ drop: 1 }) },
    );
    const fast = check({ 'min-speedup': 2 }, { latency: latencyOf({ speedup: 3, interval: [2.9, 3.1] }) });
    expect(confirm(slow, fast).map((c) => c.status)).toEqual(['fail', 'inconclusive']);
    expect(confirm(slow, slow).map((c) => c.status)).toEqual(['fail', 'fail']);
    expect(confirm(fast, slow).map((c) => c.status)).toEqual(['pass']);
  });
});

describe('verdicts', () => {
  it('are the worst of their parts', () => {
    expect(worst([])).toBe('pass');
    expect(worst(['pass', 'inconclusive'])).toBe('inconclusive');
    expect(worst(['inconclusive', 'fail', 'pass'])).toBe('fail');
  });

  it('carry the place of the threshold', () => {
    const at = { file: 'c.yml', line: 3, column: 5 };
    const [found] = judge(
      { 'min-speedup': 1 },
      { 'min-speedup': at },
      { accuracy: accuracyOf(), latency: latencyOf(), doubt: null },
    );
    expect(found.at).toEqual(at);
  });
});
