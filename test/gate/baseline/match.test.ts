import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { matchModels, type Named } from '../../../src/gate/baseline/match.ts';
import { parseBaseline } from '../../../src/gate/baseline/request.ts';

const model = (name: string, digest: string | null, int8 = `${name}.tflite`): Named => ({ name, digest, int8 });
const names = (head: Named[], base: Named[]) => {
  const { of, removed } = matchModels(head, base);
  return [of.map((each) => each?.name ?? null), removed.map(({ name }) => name)];
};

describe('models of two configurations', () => {
  it('are the same by name first, then by content, then by path; each is taken once', () => {
    expect(names([model('a', '1')], [model('a', '2')])).toEqual([['a'], []]);
    // Two exchanged their names: the name says what they are.
    expect(names([model('a', '2'), model('b', '1')], [model('a', '1'), model('b', '2')])).toEqual([['a', 'b'], []]);
    expect(names([model('new', '1')], [model('other', '2'), model('old', '1')])).toEqual([['old'], ['other']]);
    expect(names([model('new', '3', 'm.tflite')], [model('old', '1', 'm.tflite')])).toEqual([['old'], []]);
    expect(names([model('x', '1'), model('y', '1')], [model('old', '1')])).toEqual([['old', null], []]);
    // Content before path, whatever the order.
    const base = [model('p', '7', 'x.tflite'), model('q', '9', 'q.tflite')];
    expect(names([model('x', '9', 'x.tflite'), model('z', '7', 'z.tflite')], base)).toEqual([['q', 'p'], []]);
  });

  it('that cannot be read have no content in common', () => {
    expect(names([model('a', null)], [model('b', null)])).toEqual([[null], ['b']]);
  });
});

describe('what a user asks for', () => {
  it('is a merge base, a report, a commit or nothing', () => {
    expect(parseBaseline('none', 'x')).toBeNull();
    expect(parseBaseline('merge-base', 'x')).toEqual({ kind: 'merge-base' });
    expect(parseBaseline('out/report.json', 'x')).toEqual({ kind: 'report', file: 'out/report.json' });
    expect(parseBaseline('v1.2', 'x')).toEqual({ kind: 'ref', ref: 'v1.2' });
  });
  it.each(['', ' ', '--upload-pack=x', 'a\nb'])('is refused where it is none of them: %j', (text) => {
    expect(() => parseBaseline(text, '--baseline')).toThrow(InputError);
  });
});
