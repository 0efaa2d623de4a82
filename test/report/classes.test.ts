import { describe, expect, it } from 'vitest';
import type { ClassFigure } from '../../src/gate/figures/classes.ts';
import { classRemarksOf } from '../../src/report/classes.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { accuracyOf, reportOf } from './sample.ts';

const row = (label: number, name: string | null): ClassFigure => ({
  ...{
    class: label,
    name,
    samples: 1200,
    int8: 0.7,
    fp32: 0.95,
    int8Only: 0,
    fp32Only: 300,
    p: 1e-5,
    adjusted: 1.234e-4,
  },
});
const report = (significant: number, worst: ClassFigure[]) =>
  reportOf(['kws'], { accuracy: accuracyOf({ classes: { count: 1000, significant, worst } }) });

describe('classes that lose more than the others', () => {
  it('stand in a sentence, the surest first, and the rest is counted', () => {
    expect(classRemarksOf(report(1, [row(3, 'yes'), row(4, 'no')]))).toEqual([
      {
        note: '1 of 1,000 classes loses more than the others: yes (class 3) from 95.00 % to 70.00 % of 1,200, p = 0.00012.',
        where: ['kws on cortex-a72'],
      },
    ]);
    const many = Array.from({ length: 10 }, (_, i) => row(i, null));
    expect(classRemarksOf(report(12, many))[0].note).toMatch(
      /^12 of 1,000 classes lose .*; class 3 from .*, and 8 more\.$/,
    );
  });

  it('are not mentioned where there are none, or in reports of older versions', () => {
    expect(classRemarksOf(report(0, [row(3, 'yes')]))).toEqual([]);
    expect(classRemarksOf(reportOf(['kws']))).toEqual([]);
  });

  it('have names that do nothing', () => {
    const hostile = report(1, [row(3, '<img src=x> @all\n| a \u202e')]);
    expect(renderMarkdown(hostile)).not.toMatch(/<img|@all|\u202e/);
    expect(renderTerminal(hostile)).not.toContain('\u202e');
  });
});
