import { describe, expect, it } from 'vitest';
import type { AcceptConfig } from '../../../src/gate/config/accept_schema.ts';
import type { Measurements } from '../../../src/gate/thresholds/finding.ts';
import type { Thresholds } from '../../../src/gate/thresholds/index.ts';
import { accept, acceptanceNotes } from '../../../src/gate/verdict/accept.ts';
import { judge, judgeRegressions } from '../../../src/gate/verdict/judge.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { accuracyOf, latencyOf, reportOf } from '../../report/sample.ts';

const drop: AcceptConfig = {
  ...{ threshold: 'max-accuracy-drop', worst: 2.5, reason: 'tanh layer', by: 'Jo', until: '2027-01-31' },
};
const at = (now: string) => new Date(now);
const JANUARY = at('2027-01-05T12:00:00Z');

function judged(
  acceptances: readonly AcceptConfig[],
  {
    moment = JANUARY,
    thresholds = { 'max-accuracy-drop': 1 } as Thresholds,
    ...more
  }: Partial<Measurements> & {
    moment?: ReturnType<typeof at>;
    thresholds?: Thresholds;
  },
) {
  const measurements = { accuracy: accuracyOf(), latency: latencyOf(), doubt: null, ...more };
  const checks = accept(judge(thresholds, {}, measurements), acceptances, measurements, moment);
  return { check: checks[0], notes: acceptanceNotes(checks, acceptances, moment) };
}
/** A drop, decided by the point or by bounds around it. */
const dropOf = (value: number, bounds: [number, number] | null = null) =>
  accuracyOf({
    drop: value,
    bounds: {
      ...{ ...accuracyOf().bounds, confidence: bounds && 0.8 },
      drop: bounds && { low: bounds[0], high: bounds[1], deviation: 20 },
    },
  });

describe('a known regression', () => {
  it('passes to the accepted figure, by whom and until when', () => {
    const { check, notes } = judged([drop], { accuracy: dropOf(2.25) });
    expect(check).toMatchObject({
      ...{ status: 'pass', measured: 2.25, threshold: 1 },
      accepted: { by: 'Jo', reason: 'tanh layer', until: '2027-01-31', worst: 2.5 },
    });
    expect(check.reason).toMatch(/1\.00 points allowed; accepted to 2\.50 points until 2027-01-31 by Jo: tanh layer$/);
    expect(notes).toEqual([]);
    expect(judged([drop], { accuracy: dropOf(2.5) }).check.status).toBe('pass');
  });

  it.each([
    ['2027-01-31T23:59:59.999Z', 'pass'],
    ['2027-02-01T00:00:00Z', 'fail'],
    // Still the last day, in UTC.
    ['2027-02-01T00:30:00+01:00', 'pass'],
  ])('at %s: %s', (now, status) => {
    const { check } = judged([drop], { accuracy: dropOf(2.25), moment: at(now) });
    expect(check.status).toBe(status);
    if (status === 'fail') expect(check.reason).toMatch(/; Jo accepted 2\.50 points until 2027-01-31, which is over$/);
  });

  it('fails when the figure gets worse than accepted', () => {
    const { check } = judged([drop], { accuracy: dropOf(2.51) });
    expect(check.status).toBe('fail');
    expect(check.accepted).toBeUndefined();
    expect(check.reason).toMatch(/; it is worse than 2\.50 points, which Jo accepted until 2027-01-31$/);
  });

  it('holds accuracy to it by the point, undecided or not: on the same data it is the same every time', () => {
    expect(judged([drop], { accuracy: dropOf(2.25, [0.5, 4]) }).check.status).toBe('pass');
    expect(judged([drop], { accuracy: dropOf(2.25, [1.5, 4]) }).check.status).toBe('pass');
    expect(judged([drop], { accuracy: dropOf(2.6, [0.5, 4]) }).check.status).toBe('inconclusive');
    expect(judged([drop], { accuracy: dropOf(2.6, [1.5, 4]) }).check.status).toBe('fail');
  });

  it('holds speed to it by the rule of the threshold', () => {
    const speedup: AcceptConfig = { ...drop, threshold: 'min-speedup', worst: 1.2 };
    const of = (low: number, high: number) =>
      judged([speedup], {
        thresholds: { 'min-speedup': 1.5 },
        latency: latencyOf({ speedup: (low + high) / 2, interval: [low, high] }),
      }).check;
    expect(of(1.2, 1.3)).toMatchObject({ status: 'pass', accepted: { worst: 1.2 } });
    expect(of(1.19, 1.3).status).toBe('inconclusive');
    expect(of(1.19, 1.3).reason).toContain('it is not shown to keep to 1.20×, which Jo accepted');
    expect(of(1, 1.1).status).toBe('fail');
  });

  it('holds slowdowns against a baseline to a slowdown, by the rule of their limit', () => {
    const slowdown: AcceptConfig = { ...drop, threshold: 'regression.max-slowdown', worst: 12 };
    const of = (low: number, high: number) => {
      const latency = { base: 2e6, slowdown: (low + high) / 2, interval: [low, high] as [number, number] };
      const regression = { unchanged: false, accuracy: null, noAccuracy: null, latency, noLatency: null };
      const measurements = { accuracy: accuracyOf(), latency: latencyOf(), doubt: null, regression };
      return accept(judgeRegressions({ 'max-slowdown': 5 }, {}, measurements), [slowdown], measurements, JANUARY)[0];
    };
    expect(of(1.08, 1.12)).toMatchObject({ status: 'pass', threshold: 1.05, accepted: { worst: 1.12 } });
    expect(of(1.08, 1.12).reason).toMatch(/; accepted to 1\.12× until 2027-01-31 by Jo: tanh layer$/);
    expect(of(1.15, 1.17).status).toBe('fail');
  });

  it('accepts latencies in the unit of their limit', () => {
    const latency: AcceptConfig = { ...drop, threshold: 'max-latency', worst: '5ms' };
    const of = (int8: number) =>
      judged([latency], {
        thresholds: { 'max-latency': '4ms' },
        latency: latencyOf({ int8, int8Interval: [int8, int8] }),
      });
    expect(of(4.9e6).check).toMatchObject({ status: 'pass', accepted: { worst: 5e6 } });
    expect(of(5.3e6).check.status).toBe('fail');
  });

  it('is not accepted where nothing was measured', () => {
    const none = judged([{ ...drop, threshold: 'min-speedup', worst: 1.2 }], {
      ...{ thresholds: { 'min-speedup': 1.5 }, latency: null, doubt: 'not measured' },
    });
    expect(none.check.status).toBe('inconclusive');
  });

  it('is noted when it ends within two weeks, and when nothing needs it', () => {
    const soon = at('2027-01-20T00:00:00Z');
    expect(judged([drop], { accuracy: dropOf(2), moment: soon }).notes).toEqual([
      'The acceptance of max-accuracy-drop by Jo ends on 2027-01-31.',
    ]);
    expect(judged([drop], { accuracy: dropOf(0.5) }).notes).toEqual([
      'The acceptance of max-accuracy-drop by Jo until 2027-01-31 is not needed: 0.50 points keeps the threshold.',
    ]);
  });

  it('stands in reports as accepted', () => {
    const { check } = judged([drop], { accuracy: dropOf(2.25) });
    const report = reportOf(['anomaly'], { checks: [check] });
    const text = renderTerminal(report);
    expect(text).toMatch(/^accepted: anomaly on cortex-a72, max-accuracy-drop: .* by Jo: tanh layer$/m);
    expect(text).toMatch(/INT8 gate: passed, 1 accepted\n$/);
    expect(renderMarkdown(report)).toContain('INT8 gate: passed, 1 accepted');
    expect(renderMarkdown(report)).toMatch(/\| ✅ passed, 1 accepted \|/);
  });
});
