import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBlock, logLine } from '../../src/action/text.ts';

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
