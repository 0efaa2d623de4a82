import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBlock, inert, logLine, quiet } from '../../src/action/text.ts';

describe('codeBlock', () => {
  it('indents every line, so that no text breaks out, and keeps the limit', () => {
    const text = fc.array(fc.constantFrom('```', '</pre>', '\n', '\r', '\r\n', 'x', '# h', '    '), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 200 }), (parts, limit) => {
        const block = codeBlock(parts.join(''), limit);
        expect(block.length).toBeLessThanOrEqual(limit);
        for (const line of block.slice(0, -1).split('\n').slice(0, -1)) expect(line).toMatch(/^ {4}/);
      }),
    );
  });

  it('says that it was cut', () => {
    expect(codeBlock('abcdef', 8)).toBe('    abc…');
    expect(codeBlock('abcd', 8)).toBe('    abcd');
  });
});

describe('logLine', () => {
  it('is one line that cannot be a workflow command', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('::', '\n', '\r', '##[', 'error', 'x', ' ', '\u001b')), (parts) => {
        const line = logLine(parts.join(''));
        expect(line).not.toMatch(/\p{Cc}|^\s*::|##\[/u);
      }),
    );
  });
});

describe('quiet and inert', () => {
  const hostile = 'a\u202eb\u2066c\u200fd\u061ce\u{e0041}f\u001b[31m';

  it('show what turns, hides or colours text instead of doing it', () => {
    for (const text of [inert(hostile), quiet(hostile), logLine(hostile)]) {
      expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u{e0000}-\u{e007f}]|\p{Cc}/u);
      expect(text).toContain('\\u202e');
    }
  });

  it('leave JSON equal', () => {
    expect(JSON.parse(inert(JSON.stringify({ name: hostile })))).toEqual({ name: hostile });
  });
});
