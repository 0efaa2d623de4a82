import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aspectOf, misfit, THRESHOLDS, type ThresholdId, without } from '../../../src/gate/thresholds/index.ts';
import { parseLatency } from '../../../src/gate/thresholds/quantities.ts';

const page = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');

describe('thresholds', () => {
  it.each(Object.keys(THRESHOLDS))('%s stands in docs/config.md', (id) => expect(page).toContain(`| \`${id}\` |`));

  it('are set aside by what they are about', () => {
    const all = { 'max-accuracy-drop': 1, 'min-sqnr': 20, 'min-speedup': 2, 'max-latency': '4ms' };
    expect(without('speed', all)).toEqual({ 'max-accuracy-drop': 1, 'min-sqnr': 20 });
    expect(without('accuracy', all)).toEqual({ 'min-speedup': 2, 'max-latency': '4ms' });
    expect(aspectOf('evidence-samples')).toBeNull();
  });

  it.each<[ThresholdId, string, string | null]>([
    ['min-accuracy', 'top5', null],
    ['min-accuracy', 'auc', null],
    ['min-accuracy', 'r2', null],
    ['min-accuracy', 'mse', 'has no meaning for the metric mse; use max-error, min-cosine or min-sqnr'],
    ['min-accuracy', 'eer', 'has no meaning for the metric eer; use max-error, min-cosine or min-sqnr'],
    ['max-accuracy-drop', 'eer', null],
    [
      'max-accuracy-drop',
      'rmse',
      'has no meaning for the metric rmse; use max-error, max-metric-drop, min-cosine or min-sqnr',
    ],
    ['max-accuracy-drop', 'r2', 'has no meaning for the metric r2; use max-metric-drop, min-cosine or min-sqnr'],
    ['max-accuracy-drop', 'wer', null],
    ['min-accuracy-ratio', 'top5', null],
    ['min-accuracy-ratio', 'auc', null],
    ['min-accuracy-ratio', 'eer', 'has no meaning for the metric eer; use max-accuracy-drop'],
    ['min-accuracy-ratio', 'r2', 'has no meaning for the metric r2; use max-metric-drop'],
    ['min-accuracy-ratio', 'sqnr', 'has no meaning for the metric sqnr; use min-cosine or min-sqnr'],
    ['min-psnr', 'psnr', null],
    ['min-psnr', 'ssim', 'needs the metric psnr, not ssim'],
    ['max-metric-drop', 'r2', null],
    ['max-metric-drop', 'f1', 'has no meaning for the metric f1; use max-accuracy-drop'],
    ['max-metric-drop', 'cosine', 'has no meaning for the metric cosine; use min-cosine or min-sqnr'],
    ['max-error', 'mae', null],
    ['max-error', 'eer', null],
    ['max-error', 'top1', 'needs the metric eer, mse, mae, rmse, wer or cer, not top1'],
    ['min-cosine', 'top1', null],
  ])('%s with metric %s', (id, metric, reason) => expect(misfit(THRESHOLDS[id], metric)).toBe(reason));

  it('read latencies', () => {
    expect(parseLatency('4ms')).toEqual({ unit: 'ns', value: 4e6 });
    expect(parseLatency('120us')).toEqual({ unit: 'ns', value: 120e3 });
    expect(parseLatency('1.2 Mcycles')).toEqual({ unit: 'cycles', value: 1.2e6 });
  });
});
