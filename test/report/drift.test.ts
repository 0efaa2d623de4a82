import { describe, expect, it } from 'vitest';
import type { Drift } from '../../src/gate/figures/drift.ts';
import type { Report } from '../../src/gate/verdict/report.ts';
import { driftHeadline, driftMarkdown, driftTerminal } from '../../src/report/drift.ts';

const layer = (node: number, label: string) => ({
  ...{ node, label, inherited: 20, introduced: 12.34, excess: 50, rmse: 3, bias: -1.5 },
  ...{ clippedLow: 0, clippedHigh: 0.25, used: 1, channels: [{ channel: 4, bias: 1, rmse: 2 }] },
});
const drift: Drift = {
  ...{ samples: 32, inferences: 32, twin: false, apart: [], notes: ['A note.'] },
  accused: [{ node: 7, label: '#7 nn.conv2d → "<b>"', kind: 'range', reason: '25 % of its outputs are saturated' }],
  layers: [layer(3, '#3 add → "x"'), layer(7, '#7 nn.conv2d → "<b>"')],
};
const report = (status: 'pass' | 'fail') =>
  ({
    models: [{ name: 'm', drift, targets: [{ checks: [{ id: 'max-accuracy-drop', status }] }] }],
  }) as unknown as Report;

describe('drift in the report', () => {
  it('names the culprit first', () => {
    expect(driftHeadline(drift)).toBe(
      'Drift on 32 samples: the error begins at #7 nn.conv2d → "<b>": 25 % of its outputs are saturated.',
    );
    expect(driftHeadline({ ...drift, accused: [] })).toContain('The largest is 12.3 dB, at #3 add');
  });

  it('shows the table where accuracy failed, the culprit on top, and one sentence where it passed', () => {
    const red = driftMarkdown(report('fail'), 10_000);
    expect(red.find((line) => line.includes('12.3 dB'))).toContain('&#60;b&#62;');
    expect(driftMarkdown(report('pass'), 10_000).filter((line) => line !== '')).toHaveLength(1);
    expect(driftTerminal(report('fail'), 200).join('\n')).toContain('25.00 %');
    expect(driftTerminal(report('pass'), 200)).toHaveLength(1);
  });

  it('leaves the table out where there is no room, and then itself', () => {
    expect(driftMarkdown(report('fail'), 300).filter((line) => line !== '')).toHaveLength(1);
    expect(driftMarkdown(report('fail'), 10)).toEqual([]);
  });
});
