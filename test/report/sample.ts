import type { Accuracy } from '../../src/gate/figures/accuracy.ts';
import type { Latency } from '../../src/gate/figures/latency.ts';
import type { Check, Report, TargetReport } from '../../src/gate/verdict/report.ts';

export const accuracyOf = (more: Partial<Accuracy> = {}): Accuracy => ({
  ...{ metric: 'top1', kind: 'share', samples: 500, inferences: 500, int8: 0.9, fp32: 0.9, drop: 0, interval: [0, 0] },
  twin: false,
  ...{ resolution: 0.2, discordant: { int8Only: 0, fp32Only: 0, p: 1 }, int8Target: 'cortex-a72', fp32Target: 'host' },
  bounds: { confidence: null, int8: null, drop: null, agreement: null, sqnr: null, cosine: null },
  comparison: { agreement: 1, sqnr: 30, noSqnr: null, cosine: 1, mse: 0, mae: 0 },
  evidence: {
    ...{ distinct: 500, clipped: 0, constant: false, oneClass: false, notFinite: 0, ties: 0 },
    chance: { level: 0.125, p: 0, pInt8: 0, by: 'guessing' },
  },
  ...more,
});

export const latencyOf = (more: Partial<Latency> = {}): Latency => ({
  ...{ mode: 'hardware', unit: 'ns', int8: 2e6, fp32: 4e6, speedup: 2, interval: [1.9, 2.1], cpu: 'some CPU' },
  ...more,
});

const passed: Check = {
  ...{ id: 'max-accuracy-drop', status: 'pass', measured: 0, threshold: 1, unit: 'points', reason: 'fine', at: null },
};

export const targetOf = (more: Partial<TargetReport> = {}): TargetReport => ({
  ...{ target: 'cortex-a72', device: 'native', cpu: 'some CPU', neon: true, verdict: 'pass' },
  ...{ accuracy: accuracyOf(), latency: latencyOf(), checks: [passed], notes: [] },
  ...more,
});

/** A report of one model for each name, all alike. */
export const reportOf = (
  names: readonly string[],
  target: Partial<TargetReport> = {},
  more: Partial<Report> = {},
): Report => ({
  schema: 'int8-gate/report@1',
  verdict: targetOf(target).verdict,
  models: names.map((name) => ({
    ...{ name, verdict: targetOf(target).verdict, int8: 'a.tflite', fp32: null, at: null },
    targets: [targetOf(target)],
  })),
  notes: [],
  environment: {
    ...{ version: '0.1.0', config: '.github/int8-gate.yml', os: 'linux', arch: 'arm64', node: 'v24.0.0', cpu: null },
    ...{ started: '2026-01-01T00:00:00.000Z', seconds: 1 },
  },
  ...more,
});
