import { expect, it } from 'vitest';
import { sentenceOf } from '../../../src/gate/remedies/sentence.ts';
import type { How } from '../../../src/gate/remedies/variants.ts';

const remedy = (how: How, more: object = {}) => ({
  ...{ layer: 12, nodes: [12], operator: '#12', accuracy: 0.9, gain: 0.9, interval: [0.4, 1.5] as const },
  ...{ unit: 'points', latency: null, slowerBy: null, how },
  ...more,
});

it.each([
  [remedy('int16x8', { slowerBy: 0.02 }), 'layer 12 in int16x8: +0.90 points, 2 % slower'],
  [remedy('float32', { slowerBy: -0.131 }), 'layer 12 in float32: +0.90 points, 13 % faster'],
  [remedy('per-channel', { slowerBy: 0.0004 }), 'layer 12 with weights per channel: +0.90 points, as fast'],
  [remedy('float32', { gain: -0.5, interval: [-1, 0.1] }), 'layer 12 in float32: −0.50 points (may be chance)'],
  [remedy('float32', { gain: 0, interval: [-9, 9] }), 'layer 12 in float32: no gain'],
  [remedy('float32', { gain: 0.0123, unit: 'error', interval: null }), 'layer 12 in float32: +0.0123'],
  [remedy('float32', { gain: null, slowerBy: 0.004 }), 'layer 12 in float32: no figure, 0.4 % slower'],
])('%# is said', (given, wanted) => {
  expect(sentenceOf('layer 12', given)).toBe(wanted);
});
