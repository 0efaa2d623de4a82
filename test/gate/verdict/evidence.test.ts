import { describe, expect, it } from 'vitest';
import type { Accuracy, Evidence } from '../../../src/gate/figures/accuracy.ts';
import { doubtsOf, evidenceNotes, weigh } from '../../../src/gate/verdict/evidence.ts';
import { judge } from '../../../src/gate/verdict/judge.ts';
import type { Check } from '../../../src/gate/verdict/report.ts';
import { accuracyOf } from '../../report/sample.ts';

const evidence = (more: Partial<Evidence>): Partial<Accuracy> => ({ evidence: { ...accuracyOf().evidence, ...more } });
const comparison = (more: Partial<Accuracy['comparison']>): Partial<Accuracy> => ({
  comparison: { ...accuracyOf().comparison, ...more },
});
const ids = (more: Partial<Accuracy>) => doubtsOf(accuracyOf(more)).map(({ id }) => id);
const chance = (p: number, pInt8 = p) => evidence({ chance: { level: 0.125, p, pInt8, by: 'guessing' } });
const discordant = (int8Only: number, fp32Only: number, p: number) => ({ discordant: { int8Only, fp32Only, p } });

const check = (id: string, status: Check['status']): Check => ({
  ...{ id, status, measured: 1, threshold: 1, unit: 'points', reason: 'because', at: null },
});
const ALL = ['max-accuracy-drop', 'min-accuracy', 'max-error', 'min-agreement', 'min-sqnr', 'min-cosine'];

describe('doubts', () => {
  it('are none where the data tell something', () => expect(ids({})).toEqual([]));

  it.each([
    ['few samples', { samples: 29, ...evidence({ distinct: 29 }) }, 'evidence-samples'],
    ['repeated samples', evidence({ distinct: 399 }), 'evidence-distinct'],
    ['chance', chance(0.01), 'evidence-chance'],
    ['constant outputs', evidence({ constant: true }), 'evidence-outputs'],
    ['one class without labels', evidence({ oneClass: true, chance: null }), 'evidence-outputs'],
    ['a worse FP32', { int8: 0.9, fp32: 0.8, drop: -10, ...discordant(50, 0, 1e-9) }, 'evidence-order'],
    [
      'a worse FP32 by AUC',
      { metric: 'auc', int8: 0.9, fp32: 0.8, drop: -10, discordant: null, interval: [-15, -5] },
      'evidence-order',
    ],
    [
      'a worse FP32 by error',
      { kind: 'error', int8: 0.7, fp32: 1, drop: -0.3, discordant: null, interval: [-0.4, -0.2] },
      'evidence-order',
    ],
    [
      'a worse FP32 by equal error rate',
      { metric: 'eer', kind: 'rate', int8: 0.05, fp32: 0.1, drop: -5, discordant: null, interval: [-7, -3] },
      'evidence-order',
    ],
    [
      'a worse FP32 by R²',
      { metric: 'r2', kind: 'r2', int8: 0.9, fp32: 0.87, drop: -0.03, discordant: null, interval: [-0.04, -0.02] },
      'evidence-order',
    ],
    ['a twin that is infinite', { twin: true, ...evidence({ notFinite: 1 }) }, 'evidence-twin'],
    ['a twin that disagrees', { twin: true, ...comparison({ agreement: 0.74 }) }, 'evidence-twin'],
    ['a twin in noise', { twin: true, ...comparison({ sqnr: 2.9 }) }, 'evidence-twin'],
    ['a silent twin', { twin: true, ...comparison({ sqnr: null, noSqnr: 'no-signal' }) }, 'evidence-twin'],
    ['clipped inputs', evidence({ clipped: 0.51 }), 'evidence-range'],
  ] as [string, Partial<Accuracy>, string][])('%s', (_, more, id) => expect(ids(more)).toEqual([id]));

  it.each([
    ['30 samples', { samples: 30, ...evidence({ distinct: 30 }) }],
    ['a fifth repeated', evidence({ distinct: 400 })],
    ['p below 0.01', chance(0.0099)],
    ['one class with labels', evidence({ oneClass: true })],
    ['an INT8 slightly better', { int8: 0.91, fp32: 0.9, drop: -1, ...discordant(5, 0, 0.001) }],
    ['an INT8 better by chance', { int8: 0.93, fp32: 0.9, drop: -3, ...discordant(5, 2, 0.4) }],
    ['a named FP32 that disagrees', comparison({ agreement: 0.1, sqnr: -3 })],
    [
      'a twin that labels favour',
      { twin: true, ...comparison({ agreement: 0.4, sqnr: 1 }), ...discordant(2, 200, 1e-40) },
    ],
    ['half of the inputs clipped', evidence({ clipped: 0.5 })],
  ] as [string, Partial<Accuracy>][])('not by %s', (_, more) => expect(ids(more)).toEqual([]));

  it('blame the twin, not the data, where INT8 knows its classes', () => {
    const [doubt] = doubtsOf(accuracyOf({ twin: true, fp32: 0.12, int8: 0.9, ...chance(0.6, 0) }));
    expect(doubt.reason).toMatch(/^the FP32 twin is no better than guessing.*the dequantized twin is not the network/);
    expect(doubt.reason).not.toContain('preprocess');
    const [named] = doubtsOf(accuracyOf({ fp32: 0.12, int8: 0.9, ...chance(0.6, 0) }));
    expect(named.reason).toContain('check that fp32 is the network that was quantized');
  });
});

describe('checks under doubt', () => {
  const checks = (status: Check['status']) => [...ALL, 'min-speedup'].map((id) => check(id, status));
  const statuses = (status: Check['status'], more: Partial<Accuracy>) =>
    Object.fromEntries(weigh(checks(status), accuracyOf(more), null).map((c) => [c.id, c.status]));

  it.each(['pass', 'fail'] as const)('of the samples are all inconclusive, %s or not, but speed', (status) => {
    const found = statuses(status, { samples: 3, ...evidence({ distinct: 3 }) });
    for (const id of ALL) expect(found[id]).toBe('inconclusive');
    expect(found['min-speedup']).toBe(status);
  });

  it('of FP32 leave limits on INT8 alone as they are, given labels', () => {
    const found = statuses('fail', chance(1));
    expect(found).toMatchObject({ 'max-accuracy-drop': 'inconclusive', 'min-agreement': 'inconclusive' });
    expect(found).toMatchObject({ 'min-accuracy': 'fail', 'max-error': 'fail', 'min-speedup': 'fail' });
    const unlabelled = statuses('fail', evidence({ chance: null, constant: true }));
    expect(unlabelled).toMatchObject({ 'min-accuracy': 'inconclusive', 'max-error': 'inconclusive' });
  });

  it('of the range leave failures alone where labels vouch for FP32', () => {
    expect(statuses('fail', evidence({ clipped: 0.9 }))['max-accuracy-drop']).toBe('fail');
    expect(statuses('pass', evidence({ clipped: 0.9 }))['max-accuracy-drop']).toBe('inconclusive');
    expect(statuses('fail', evidence({ clipped: 0.9, chance: null }))['max-accuracy-drop']).toBe('inconclusive');
  });

  it('say by which', () => {
    const [first] = weigh([check('max-accuracy-drop', 'pass')], accuracyOf(chance(1)), null);
    expect(first.reason).toBe('because; undecided: evidence-chance');
  });

  it('are not made where no threshold on accuracy is in force: doubts are notes then', () => {
    const few = accuracyOf({ samples: 3, ...evidence({ distinct: 3 }) });
    const speed = weigh([check('min-speedup', 'pass')], few, null);
    expect(speed.map(({ id }) => id)).toEqual(['min-speedup']);
    expect(evidenceNotes(few, speed)[0]).toMatch(/^3 samples, at least 30 needed.*\.$/);
    expect(evidenceNotes(few, weigh([check('min-accuracy', 'pass')], few, null))).toEqual([]);
  });
});

describe('notes', () => {
  const notes = (more: Partial<Accuracy>) => evidenceNotes(accuracyOf(more), []);
  it.each([
    [{ twin: true }, 'FP32 is a twin'],
    [evidence({ distinct: 490 }), '10 of 500 inputs repeat an earlier one.'],
    [evidence({ clipped: 0.02 }), '2.00 % of the input values lie outside the range of the INT8 input'],
    [evidence({ ties: 2 }), 'On 2 samples INT8 scores the right class and another equally'],
  ] as [Partial<Accuracy>, string][])('%j', (more, words) => expect(notes(more).join(' ')).toContain(words));

  it('say of a drop that passed when the samples cannot resolve it, once', () => {
    const bounds = (confidence: number | null, width: number): Partial<Accuracy> => ({
      bounds: { ...accuracyOf().bounds, confidence, drop: { low: -width, high: width, deviation: 20 } },
    });
    const accuracy = accuracyOf({ drop: 0, samples: 240, discordant: null, ...bounds(null, 1.96) });
    const notesOn = (limit: number, samples = 240, more: Partial<Accuracy> = {}) => {
      const measured = { ...accuracy, samples, ...more };
      const checks = judge({ 'max-accuracy-drop': limit }, {}, { accuracy: measured, latency: null, doubt: null });
      return evidenceNotes(measured, weigh(checks, measured, null));
    };
    expect(notesOn(1)).toEqual([
      'max-accuracy-drop passed, but the 95 % interval contains the threshold: 240 samples cannot resolve it, about 2,500 would.',
    ]);
    expect(notesOn(5)).toEqual([]);
    expect(notesOn(1, 240, bounds(0.8, 0.9))).toEqual([
      'max-accuracy-drop passed, but it is a narrow decision: about 1,100 samples would make it clear.',
    ]);
    expect(notesOn(1, 240, bounds(0.8, 1.1))).toEqual([]);
    expect(notesOn(1, 20)).toEqual([]); // inconclusive, and its reason says so
  });

  it('are none of a few repetitions and outliers', () => {
    expect(notes(evidence({ distinct: 495, clipped: 0.001 }))).toEqual([]);
  });
});
