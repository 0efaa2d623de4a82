import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/gate/check/run.ts';
import type { Check, Report } from '../../src/gate/verdict/report.ts';
import { expectedOf } from './examples.ts';

const config = (name: string) => join('examples', name);

/** Report of a model on a target, which must be there. */
function targetOf(report: Report, name: string, target: string) {
  const found = report.models.find((m) => m.name === name)?.targets.find((t) => t.target === target);
  if (found === undefined) throw new Error(`the report has no ${name} on ${target}`);
  return found;
}
const checkOf = (checks: readonly Check[], id: string) => checks.find((check) => check.id === id);

describe('passing.yml', () => {
  it('passes on every target, with the accuracy that TFLite reaches', async () => {
    const report = await runCheck({
      now: new Date(),
      root: process.cwd(),
      config: config('passing.yml'),
      measure: 'modelled',
    });
    expect(report.verdict).toBe('pass');
    for (const name of ['shapes', 'tones']) {
      const want = { int8: expectedOf(`${name}/${name}_int8.tflite`), fp32: expectedOf(`${name}/${name}_fp32.tflite`) };
      for (const target of ['cortex-a72', 'neoverse-n1']) {
        const { accuracy, latency, checks } = targetOf(report, name, target);
        expect(accuracy).toMatchObject({ metric: 'top1', samples: 240 });
        expect(accuracy!.int8).toBeCloseTo(want.int8.top1, 12);
        expect(accuracy!.fp32).toBeCloseTo(want.fp32.top1, 12);
        expect(latency).toMatchObject({ mode: 'modelled', unit: 'cycles' });
        expect(checks.map(({ id, status }) => `${id}: ${status}`).sort()).toEqual([
          'max-accuracy-drop: pass',
          'min-speedup: pass',
        ]);
      }
    }
  });
});

describe('failing.yml', () => {
  it('fails for the broken model alone, by its loss of accuracy', async () => {
    const report = await runCheck({
      now: new Date(),
      root: process.cwd(),
      config: config('failing.yml'),
      measure: 'none',
    });
    expect(report.verdict).toBe('fail');
    expect(report.models.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['shapes', 'pass'],
      ['shapes-wrong-calibration', 'fail'],
    ]);
    const { accuracy, checks } = targetOf(report, 'shapes-wrong-calibration', 'cortex-a72');
    const [int8, fp32] = [expectedOf('broken/shapes_int8.tflite'), expectedOf('shapes/shapes_fp32.tflite')];
    const drop = 100 * (fp32.top1 - int8.top1);
    expect(accuracy!.drop).toBeCloseTo(drop, 9);
    const check = checkOf(checks, 'max-accuracy-drop');
    expect(check).toMatchObject({ status: 'fail', threshold: 5, unit: 'points' });
    expect(check!.measured).toBeCloseTo(drop, 9);
  });
});

describe('host.yml', () => {
  it('passes without a cross compiler', async () => {
    const report = await runCheck({
      now: new Date(),
      root: process.cwd(),
      config: config('host.yml'),
      measure: 'none',
    });
    expect(report.verdict).toBe('pass');
    const { accuracy, neon, checks } = targetOf(report, 'tones', 'host');
    expect(neon).toBe(false);
    expect(accuracy!.int8).toBeCloseTo(expectedOf('tones/tones_int8.tflite').top1, 12);
    expect(checks.map(({ id, status }) => `${id}: ${status}`).sort()).toEqual([
      'max-accuracy-drop: pass',
      'min-accuracy: pass',
      'min-agreement: pass',
    ]);
  });
});
