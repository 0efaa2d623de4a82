import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greedy } from '../../../src/gate/metrics/ctc.ts';
import { editDistance } from '../../../src/gate/metrics/edit_distance.ts';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import type { MetricOptions } from '../../../src/gate/metrics/metric.ts';
import { figureOf } from '../../../src/gate/metrics/statistics.ts';
import { portOf } from './ports.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyz'];

describe('greedy decoding', () => {
  it('joins repetitions, but not across a blank', () => {
    expect(greedy([9, 1, 1, 9, 1, 2, 2, 9, 9], 9)).toEqual([1, 1, 2]);
    expect(greedy([0, 0, 0], 0)).toEqual([]);
    expect(greedy([], 0)).toEqual([]);
    expect(greedy([3, 3, 2, 3], 0)).toEqual([3, 2, 3]);
  });

  it('gives back what any path spells', () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), { maxLength: 12 });
    fc.assert(
      fc.property(runs, (of) => {
        const path = of.flatMap(([token, times]) => [...new Array(times).fill(token), 0]);
        expect(greedy(path, 0)).toEqual(of.map(([token]) => token));
      }),
    );
  });
});

describe('edit distance', () => {
  const word = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  it('is a metric, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        const d = editDistance(a, b);
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(b, a)).toBe(d);
        expect(d).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(d).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(editDistance(a, c)).toBeLessThanOrEqual(d + editDistance(b, c));
      }),
    );
  });

  it('counts what Levenshtein counts', () => {
    expect(editDistance([...'kitten'], [...'sitting'])).toBe(3);
    expect(editDistance([], ['a', 'b'])).toBe(2);
  });
});

/** Scores in which each of the tokens wins a step, with a blank between all. */
const path = (tokens: readonly number[], classes: number, blank: number): Float32Array =>
  Float32Array.from(
    tokens
      .flatMap((token) => [token, blank])
      .flatMap((best) => Array.from({ length: classes }, (_, k) => +(k === best))),
  );

const options = (
  texts: readonly string[],
  names: readonly string[] | undefined,
  more: Partial<MetricOptions> = {},
) => ({
  ...{ name: 'wer', inputs: [portOf([1, 4])], outputs: [portOf([1, 50, (names?.length ?? 9) + 1])] },
  labels: { values: new Float64Array(0), width: 0, texts, ...(names && { names }) },
  ...more,
});

describe('wer and cer', () => {
  /* jiwer 4.0.0: jiwer.wer(ref, hyp), jiwer.cer(ref, hyp) */
  const wanted = ['the cat sat', 'on the mat', 'hello world', 'a'];
  const heard = ['the cat sat down', 'in mat', 'helo word', 'a'];
  const figure = (
    name: string,
    names: readonly string[],
    more: Partial<MetricOptions> = {},
    says: readonly string[] = heard,
    blank = names.length,
  ) => {
    const labelled = makeMetric(options(wanted, names, { name, ...more })).labelled!;
    const scores = says.map((text, i) =>
      labelled.score(
        [
          path(
            [...text]
              .map((c) => names.indexOf(c === ' ' && !names.includes(' ') ? '|' : c))
              .map((k) => k + +(k >= blank)),
            names.length + 1,
            blank,
          ),
        ],
        new Float32Array(4),
        i,
      ),
    );
    return { value: figureOf(labelled.statistic(scores), 4), labelled, scores };
  };

  it.each([
    ['wer', 0.5555555555555556],
    ['cer', 0.36363636363636365],
  ])('%s is that of jiwer, whatever stands for a space and wherever the blank is', (name, expected) => {
    expect(figure(name, [...letters, ' ']).value).toBeCloseTo(expected, 12);
    expect(figure(name, ['|', ...letters]).value).toBeCloseTo(expected, 12);
    const first = { settings: { blank: 0 } };
    expect(figure(name, [...letters, ' '], first, heard, 0).value).toBeCloseTo(expected, 12);
    expect(figure(name, [...letters, ' '], {}, wanted).value).toBe(0);
  });

  it('may exceed 1, and is 1 for silence', () => {
    expect(figure('wer', [...letters, ' '], {}, ['', '', '', '']).value).toBe(1);
    expect(figure('wer', [...letters, ' '], {}, ['a b c d e f g', 'x y z u v', 'x y z', 'a']).value).toBeGreaterThan(1);
  });

  it('takes pieces that carry their space, and names for all classes', () => {
    const pieces = ['▁he', 'llo', '▁wor', 'ld', '<blank>'];
    const labelled = makeMetric(
      options(['hello world'], pieces, { outputs: [portOf([1, 50, 5])], settings: { blank: 4 } }),
    ).labelled!;
    const score = labelled.score([path([0, 1, 2, 3], 5, 4)], new Float32Array(4), 0);
    expect(figureOf(labelled.statistic([score]), 1)).toBe(0);
  });

  it('takes tokens divided by spaces where the alphabet has none', () => {
    const phonemes = ['HH', 'AH', 'L', 'OW'];
    const labelled = makeMetric(options(['HH AH L OW'], phonemes, { name: 'cer' })).labelled!;
    const score = labelled.score([path([0, 1, 3], 5, 4)], new Float32Array(4), 0);
    expect(figureOf(labelled.statistic([score]), 1)).toBe(1 / 4);
  });

  it('takes numbers of tokens, with names and without', () => {
    const bare = makeMetric(options(['3 5 5', '1'], undefined)).labelled!;
    const scores = [
      [3, 5, 5],
      [2, 1],
    ].map((tokens, i) => bare.score([path(tokens, 10, 9)], new Float32Array(4), i));
    expect(figureOf(bare.statistic(scores), 2)).toBe(1 / 4);
    const named = makeMetric(options(['7 8'], [...letters, ' '], { name: 'cer' })).labelled!;
    expect(figureOf(named.statistic([named.score([path([7, 8], 28, 27)], new Float32Array(4), 0)]), 1)).toBe(0);
  });

  it('takes class numbers where the model ends with ARGMAX', () => {
    const outputs = [{ ...portOf([1, 6]), dtype: 'int64' as const }];
    const labelled = makeMetric(options(['1 2'], undefined, { outputs, settings: { blank: 0 } })).labelled!;
    const score = labelled.score([Float32Array.of(0, 1, 1, 0, 2, 2)], new Float32Array(4), 0);
    expect(figureOf(labelled.statistic([score]), 1)).toBe(0);
    expect(() => makeMetric(options(['1'], undefined, { outputs }))).toThrow('say which is the blank');
  });

  it('tells who listens from who does not', () => {
    const knows = figure('cer', [...letters, ' '], {}, wanted);
    expect(knows.labelled.chance(knows.scores).p).toBeLessThan(0.05);
    const same = figure(
      'cer',
      [...letters, ' '],
      {},
      wanted.map(() => 'the cat sat'),
    );
    expect(same.labelled.chance(same.scores).p).toBeGreaterThan(0.2);
    expect(
      figure('cer', [...letters, ' '], {}, ['', '', '', '']).labelled.chance(same.scores).level,
    ).toBeLessThanOrEqual(1);
  });

  it.each([
    [options(['', ' '], letters), 'all labels are empty'],
    [options(['a'], letters, { outputs: [portOf([1, 5, 40])] }), '26 tokens, but the model tells 40 classes apart'],
    [options(['a'], letters, { outputs: [portOf([27])] }), 'needs scores [steps, classes]'],
    [options(['a'], letters, { outputs: [portOf([2, 5, 27])] }), 'needs scores [steps, classes]'],
    [options(['a'], letters, { settings: { blank: 27 } }), 'metric.blank: 27, but the model has 27 classes'],
    [
      options(['a'], undefined),
      '"a" is no number of a token; for labels that are texts, data.classes names the tokens',
    ],
    [options(['3 9'], undefined), '"9" is the blank'],
    [options(['12'], undefined), '"12" is none of 10 tokens'],
    [options(['26'], letters), 'token 26 is the blank'],
    [options(['30'], letters), 'token 30 is none of the 27 tokens'],
  ])('is refused: %#', (given, words) => expect(() => makeMetric(given)).toThrow(words));
});
