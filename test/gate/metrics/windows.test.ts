import { describe, expect, it } from 'vitest';
import type { Port } from '../../../src/compiler/build.ts';
import { reduced } from '../../../src/gate/metrics/arrange.ts';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import type { MetricOptions } from '../../../src/gate/metrics/metric.ts';

const port = (name: string, size: number): Port => ({
  ...{ name, dtype: 'float32', shape: [1, size], bytes: 4 * size, quantization: null },
});
const outputs = [port('boxes', 4), port('scores', 3)];
const base: MetricOptions = {
  ...{ name: 'top1', inputs: [port('x', 2)], outputs },
  labels: { values: Float64Array.from([2, 1]), width: 1 },
};
const floats = (...values: number[]) => Float32Array.from(values);

describe("a record's windows", () => {
  // Two windows of three classes: the mean says 0, the last window 2, the largest value 1.
  const record = [floats(0, 0, 0, 0, 0, 0, 0, 0), floats(0.5, 0.6, 0, 0.4, 0, 0.5)];
  const right = (windows: MetricOptions['windows'], label: number) =>
    makeMetric({
      ...{ ...base, windows, settings: { output: 1 } },
      labels: { values: floats(label) as never, width: 1 },
    }).labelled!.score(record, floats(), 0);

  it('are scored by their mean, the last, or the largest', () => {
    expect([0, 1, 2].map((label) => right('mean', label))).toEqual([1, 0, 0]);
    expect([0, 1, 2].map((label) => right('last', label))).toEqual([0, 0, 1]);
    expect([0, 1, 2].map((label) => right('max', label))).toEqual([0, 1, 0]);
  });

  it('give one inference, whatever their number', () => {
    expect([...reduced(floats(1, 5, 3, 2, 0, 9), { shape: [2] }, 'max')]).toEqual([3, 9]);
    expect([...reduced(floats(1, 5, 3, 2, 0, 9), { shape: [2] }, 'last')]).toEqual([0, 9]);
    expect([...reduced(floats(1, 5), { shape: [2] }, 'max')]).toEqual([1, 5]);
  });

  it('have a reconstruction error by the last one, and none by the largest outputs', () => {
    const auc = (windows: MetricOptions['windows']) =>
      makeMetric({
        ...{ name: 'auc', inputs: [port('x', 2)], outputs: [port('y', 2)], windows },
        labels: { values: Float64Array.from([0, 1]), width: 1 },
      }).labelled!;
    expect(auc('last').score([floats(1, 1, 5, 5)], floats(7, 7, 5, 6), 0)).toBe(0.5);
    expect(auc('mean').score([floats(1, 1, 5, 5)], floats(7, 7, 5, 6), 0)).toBe((36 + 36 + 1) / 4);
    expect(() => auc('max')).toThrow('use mean or last');
  });
});
