import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetReport } from '../../src/gate/verdict/report.ts';
import { escapeCode, escapeText } from '../../src/report/escape.ts';
import { COMMENT_LIMIT, renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal, wantsColour } from '../../src/report/terminal.ts';
import { latencyOf, reportOf, targetOf } from './sample.ts';

const HOSTILE =
  'x|y `z` <img src=x onerror=alert(1)> @octocat [a](http://evil.example) ![b](c)\n# h #12 GH-7 **b** www.evil.example \x1b[31m\u202e\u061c\u2066\u200b&amp;';
const failed = {
  verdict: 'fail' as const,
  checks: [
    {
      ...{ id: 'min-speedup', status: 'fail' as const, measured: 1, threshold: 2, unit: 'ratio', reason: 'too slow' },
      at: { file: '.github/int8-gate.yml', line: 7, column: 3 },
    },
  ],
};

/** The cells of the data rows. */
const rows = (markdown: string) =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .filter((line) => !line.includes('---'));

describe('a terminal of few columns', () => {
  const report = reportOf(['keyword-spotting', 'two'], {
    ...failed,
    notes: ['A note of several words about what was done.'],
  });

  it('shows the table where it fits, and stacks it where it does not', () => {
    const wide = renderTerminal(report);
    const width = Math.max(
      ...wide
        .split('\n\n')[0]
        .split('\n')
        .map((line) => [...line].length),
    );
    expect(renderTerminal(report, { columns: width })).toContain('Model');
    expect(renderTerminal(report, { columns: width - 1 })).not.toContain('Model');
  });

  it.each([30, 40, 60, 80, 100])('of %i breaks no line that could be shorter', (columns) => {
    const narrow = renderTerminal(report, { columns });
    for (const line of narrow.split('\n')) {
      if ([...line].length > columns) expect(line.trim()).not.toContain(' ');
    }
    const words = (text: string) => text.split(/\s+/).filter((word) => /[a-z0-9]/i.test(word));
    for (const word of words(renderTerminal(report)).filter((word) => !/^(Model|Target|Verdict)$/.test(word)))
      expect(words(narrow)).toContain(word);
  });
});

describe('Markdown', () => {
  it('has a row for each model and target', () => {
    const markdown = renderMarkdown(reportOf(['one', 'two']));
    expect(rows(markdown)).toHaveLength(2);
    expect(rows(markdown)[0]).toContain('<code>one</code>');
    expect(markdown).toContain('INT8 gate: passed');
  });

  it('says what the figures rest on, once, as the terminal does', () => {
    const basis = { compiler: 'clang 19.1.7', table: 3, disassembler: 'Capstone 5.0.9' };
    const report = reportOf(['one', 'two'], { latency: latencyOf({ mode: 'modelled', unit: 'cycles', basis }) });
    const words = 'Compiled by clang 19.1.7; cycles of table 3, instructions read by Capstone 5.0.9.';
    for (const text of [renderMarkdown(report), renderTerminal(report)]) expect(text.split(words)).toHaveLength(2);
  });

  it('has a column for what changed since the baseline, where there is one, and says which that is', () => {
    const lost = { base: 0.92, drop: 2, interval: null, bounds: null, byPoint: false, discordant: null };
    const slowed = { base: 2e6, slowdown: 1.03, interval: [1.01, 1.05] as [number, number] };
    const regression = { unchanged: false, accuracy: lost, noAccuracy: null, latency: slowed, noLatency: null };
    const commit = '0123456789abcdef0123456789abcdef01234567';
    const baseline = { kind: 'merge-base' as const, ref: 'main|x', commit, removed: [] };
    const [changed, ...others] = reportOf(['a', 'b', 'c', 'd'], { regression }, { baseline }).models;
    const status = { name: 'a', int8: 'a.tflite', sameData: true };
    const none = { regression: null };
    const models = [
      { ...changed, base: { ...status, status: 'changed' as const } },
      ...(['new', 'unchanged', 'unknown'] as const).map((word, i) => ({
        ...{ ...others[i], base: { ...status, status: word }, targets: [{ ...others[i].targets[0], ...none }] },
      })),
    ];
    const report = reportOf([], {}, { baseline, models });
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('| Against base | Verdict |');
    expect(markdown).toContain('| drop 2.00 points, time 1.03× (1.01× to 1.05×) |');
    for (const cell of ['new', 'unchanged', 'not compared']) expect(markdown).toContain(`| ${cell} |`);
    expect(markdown).toContain('Base&#58; INT8 of the merge base with main&#124;x, 0123456789ab.');
    const terminal = renderTerminal(report, { columns: 60 });
    expect(terminal).toContain('Against base  drop 2.00 points');
    expect(renderMarkdown(reportOf(['a']))).not.toContain('Against base');
  });

  it('gives the reason and the line of what failed', () => {
    const markdown = renderMarkdown(reportOf(['one'], failed));
    expect(markdown).toMatch(
      /- ❌ <code>one<\/code> on cortex-a72, <code>min-speedup<\/code>.* too slow \(<code>.*int8-gate\.yml.*7<\/code>\)/,
    );
  });

  it('says how the figures came about', () => {
    expect(renderMarkdown(reportOf(['one']))).toContain('Hardware');
    const modelled = latencyOf({ mode: 'modelled', unit: 'cycles', interval: null });
    expect(renderMarkdown(reportOf(['one'], { latency: modelled }))).toContain('Modelled');
    expect(renderMarkdown(reportOf(['one'], { target: 'host', neon: false }))).toContain('no NEON build');
  });

  it('does nothing that a name, path, note or reason asks for', () => {
    const target = {
      ...failed,
      checks: [{ ...failed.checks[0], reason: HOSTILE, at: { file: HOSTILE, line: 1, column: 1 } }],
      notes: [HOSTILE],
    };
    const markdown = renderMarkdown(reportOf([HOSTILE], target, { notes: [HOSTILE] }));
    const calm = renderMarkdown(reportOf(['x'], { ...target, checks: failed.checks, notes: ['x'] }, { notes: ['x'] }));
    expect(markdown.split('\n').length).toBe(calm.split('\n').length);
    expect(rows(markdown)[0].match(/\|/g)?.length).toBe(9);
    const plain = markdown.replace(/&#\d+;/g, '·');
    for (const bad of [
      '<img',
      '@octocat',
      '](',
      '`',
      'http:',
      '**',
      '#12',
      'www.evil',
      '\x1b',
      '\u202e',
      '\u061c',
      '\u2066',
    ]) {
      expect(plain).not.toContain(bad);
    }
    expect(plain.replace(/<code>.*?<\/code>/g, '')).not.toMatch(/·(octocat|12)|GH-7/);
    expect(markdown.match(/<(?!\/?(code|sub)>)/g)).toBeNull();
  });

  it('stays within its limit, red first', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `model-${i}-${'x'.repeat(60)}`);
    const markdown = renderMarkdown(reportOf(names, failed));
    expect(markdown.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    expect(markdown).toMatch(/… and \d+ more rows/);
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 5000 }), (limit) => {
        const text = renderMarkdown(reportOf(names.slice(0, 40), failed), { limit });
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(text).toContain('failed');
      }),
      { numRuns: 50 },
    );
  });

  it('leaves out what is green before it leaves out anything red', () => {
    const at = { file: '.github/int8-gate.yml', line: 7, column: 5 };
    const reason =
      'top1 drops 2.50 points (80 % bounds 1.20 to 3.90 points), from 92.50 % to 90.00 %, 1.00 points allowed';
    const red: Partial<TargetReport> = {
      verdict: 'fail',
      checks: [{ id: 'max-accuracy-drop', status: 'fail', measured: 2.5, threshold: 1, unit: 'points', reason, at }],
    };
    const [green, bad] = [150, 50].map((n, i) =>
      Array.from({ length: n }, (_, k) => `${i === 0 ? 'good' : 'bad'}${k}`),
    );
    const on = (more: Partial<TargetReport>) =>
      ['cortex-a72', 'neoverse-n1'].map((target) => targetOf({ ...more, target }));
    // In the configuration the bad ones stand last.
    const models = [
      ...reportOf(green).models.map((model) => ({ ...model, targets: on({}) })),
      ...reportOf(bad, red).models.map((model) => ({ ...model, targets: on(red) })),
    ];
    const markdown = renderMarkdown({ ...reportOf([]), verdict: 'fail', models });
    expect(markdown.length).toBeLessThanOrEqual(COMMENT_LIMIT);
    const lines = markdown.split('\n');
    const rows = (model: string) => lines.flatMap((text, i) => (text.startsWith(`| <code>${model}`) ? [i] : []));
    const [first] = rows('good');
    expect(rows('bad')).toHaveLength(100);
    expect(Math.max(...rows('bad'))).toBeLessThan(first);
    expect(lines.filter((text) => text.startsWith('- ❌') && text.includes('points allowed'))).toHaveLength(100);
    expect(markdown).toMatch(/… and \d+ more rows/);
  });
});

describe('escaping', () => {
  it('leaves nothing of HTML and Markdown but character references', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        for (const escaped of [escapeText(text), escapeCode(text).slice(6, -7)]) {
          expect(escaped.replace(/&#\d+;/g, '')).not.toMatch(/[\n\r<>|`*_[\]@#&!\\~:]/);
        }
      }),
    );
  });
});

describe('terminal text', () => {
  it('has the table, the reasons and the verdict', () => {
    const text = renderTerminal(reportOf(['one'], failed));
    expect(text).toMatch(/one +cortex-a72 +top1 90\.00 %/);
    expect(text).toContain('failed: one on cortex-a72, min-speedup: too slow (.github/int8-gate.yml:7)');
    expect(text.trimEnd().endsWith('INT8 gate: failed')).toBe(true);
  });

  it('carries no control sequence of a name, and colours only when asked to', () => {
    expect(renderTerminal(reportOf([HOSTILE], failed))).not.toContain('\x1b');
    expect(renderTerminal(reportOf(['one'], failed), { colour: true })).toContain('\x1b[31mfailed\x1b[0m');
  });

  it('knows when colours are wanted', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
