import { describe, expect, it } from 'vitest';
import type { ReferenceFigures } from '../../src/gate/figures/references.ts';
import type { Report } from '../../src/gate/verdict/report.ts';
import { driftsOf } from '../../src/report/drifts.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { accuracyOf, reportOf } from './sample.ts';

const found: ReferenceFigures = {
  ...{ name: 'litert', version: '2.5.3', target: 'cortex-a72', samples: 8, values: 8000, differing: 0, largest: 0 },
  ...{ unit: 'steps', explanation: null, fault: null, seconds: 1 },
};
const withReferences = (report: Report, ...references: Partial<ReferenceFigures>[]): Report => ({
  ...report,
  models: report.models.map((model) => ({ ...model, references: references.map((more) => ({ ...found, ...more })) })),
});
const accuracy = accuracyOf({ int8: 0.88, fp32: 0.9, drop: 2, interval: [1, 3] });

describe('three drifts', () => {
  it('are a line each', () => {
    const report = withReferences(reportOf(['kws'], { accuracy }), {});
    expect(driftsOf(report)).toEqual([
      {
        ...{ model: 'kws', between: 'quantization, FP32 → INT8' },
        text: 'drop 2.00 points (1.00 to 3.00 points): INT8 top1 88.00 %, FP32 90.00 %',
      },
      {
        ...{ model: 'kws', between: 'compiler, LiteRT → our build' },
        text: '0 of 8,000 values differ (LiteRT 2.5.3, 8 samples on cortex-a72)',
      },
      { model: null, between: 'regression, base → head', text: 'not compared, there is no baseline' },
    ]);
  });

  it.each<[Partial<ReferenceFigures>, string]>([
    [
      { differing: 7, largest: 1, explanation: 'Why.' },
      '7 of 8,000 values differ (LiteRT 2.5.3, 8 samples on cortex-a72), by at most 1 step. Why.',
    ],
    [
      { differing: 7, largest: 6, samples: 1 },
      '7 of 8,000 values differ (LiteRT 2.5.3, 1 sample on cortex-a72), by at most 6 steps',
    ],
    [
      { differing: 1, largest: 0.5, unit: 'real' },
      '1 of 8,000 values differ (LiteRT 2.5.3, 8 samples on cortex-a72), by at most 0.5',
    ],
    [{ fault: 'It hung.', samples: 0 }, 'not compared. LiteRT 2.5.3 could not run this model: It hung.'],
    [{ name: 'constructor' }, '0 of 8,000 values differ (constructor 2.5.3, 8 samples on cortex-a72)'],
  ])('say what a reference found: %o', (more, text) => {
    expect(driftsOf(withReferences(reportOf(['kws']), more))[1].text).toBe(text);
  });

  it('say what changed since the base', () => {
    const about = { kind: 'merge-base' as const, ref: 'main', commit: 'a'.repeat(40), removed: [] };
    const report = withReferences(reportOf(['kws'], {}, { baseline: about }), {});
    const [model] = report.models;
    const unchanged = { status: 'unchanged' as const, name: 'kws', int8: 'a.tflite', sameData: true };
    const lines = driftsOf({ ...report, models: [{ ...model, base: unchanged }] });
    expect(lines.at(-1)?.text).toBe('unchanged');
  });

  it('stand in Markdown and on a terminal, escaped, and nowhere without references', () => {
    const hostile = withReferences(reportOf(['<img>']), { fault: '<script> @octocat \x1b[31m\nline' });
    const markdown = renderMarkdown(hostile);
    expect(markdown).toContain('\n**Three drifts**\n\n- ');
    expect(markdown).not.toMatch(/<img>|<script>|@octocat/);
    const text = renderTerminal(hostile);
    expect(text).toContain('\nThree drifts:\n<img> quantization, FP32 → INT8: drop 0.00 points');
    expect(text).not.toContain('\x1b');
    expect(renderMarkdown(reportOf(['a']))).not.toContain('Three drifts');
    expect(renderTerminal(reportOf(['a']))).not.toContain('Three drifts');
  });
});
