import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmax, cosineOf, inTopK, maeOf, mseOf, pairSums, sqnrOf } from '../../../src/gate/metrics/outputs.ts';
import { aucOf, mcnemar } from '../../../src/gate/metrics/statistics.ts';

const ones = (n: number) => new Float64Array(n).fill(1);
/** Scores with many ties. */
const scores = fc.array(
  fc.integer({ min: 0, max: 8 }).map((n) => n / 4),
  { minLength: 1, maxLength: 40 },
);

describe('AUC', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    const labelled = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean(), fc.nat(3)), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(labelled, (samples) => {
        let right = 0;
        let pairs = 0;
        for (const [a, positive, m] of samples) {
          for (const [b, other, n] of samples) {
            if (!positive || other) continue;
            pairs += m * n;
            right += m * n * (a > b ? 1 : a === b ? 0.5 : 0);
          }
        }
        const auc = aucOf(
          samples.map(([s]) => s),
          samples.map(([, p]) => p),
        )(samples.map(([, , w]) => w));
        if (pairs === 0) expect(auc).toBeNaN();
        else expect(auc).toBeCloseTo(right / pairs, 12);
      }),
    );
  });

  it('mirrors when the labels are swapped', () => {
    fc.assert(
      fc.property(scores, fc.infiniteStream(fc.boolean()), (values, stream) => {
        const labels = values.map(() => stream.next().value as boolean);
        const auc = aucOf(values, labels)(ones(values.length));
        const mirrored = aucOf(
          values,
          labels.map((p) => !p),
        )(ones(values.length));
        if (Number.isNaN(auc)) expect(mirrored).toBeNaN();
        else expect(auc + mirrored).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('top-k', () => {
  it('takes the first of equal elements, as numpy.argmax', () => {
    expect(argmax([1, 3, 3, 2])).toBe(1);
    expect(argmax([-5])).toBe(0);
    expect(argmax([-3, -1, -1])).toBe(1);
  });

  it('agrees with a stable sort', () => {
    fc.assert(
      fc.property(scores, fc.nat(), fc.integer({ min: 1, max: 6 }), (values, pick, k) => {
        const label = pick % values.length;
        const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
        expect(inTopK(values, label, k)).toBe(order.slice(0, k).includes(label));
        expect(inTopK(values, label, 1)).toBe(argmax(values) === label);
      }),
    );
  });
});

describe('error figures', () => {
  it('follow their definitions', () => {
    const sums = pairSums([1, 2, 2], [1, 0, 3]);
    expect(mseOf(sums)).toBeCloseTo(5 / 3, 12);
    expect(maeOf(sums)).toBe(1);
    expect(cosineOf(sums)).toBeCloseTo(7 / Math.sqrt(90), 12);
    expect(sqnrOf(sums.signal, sums.squared)).toBeCloseTo(10 * Math.log10(2), 12);
  });

  it('are perfect for equal outputs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1 }),
        (x) => {
          const sums = pairSums(x, x);
          expect([mseOf(sums), maeOf(sums), sqnrOf(sums.signal, sums.squared)]).toEqual([
            0,
            0,
            Number.POSITIVE_INFINITY,
          ]);
          expect(cosineOf(sums)).toBeCloseTo(1, 9);
        },
      ),
    );
    expect(cosineOf(pairSums([0, 0], [0, 1]))).toBe(0);
  });
});

describe("McNemar's exact test", () => {
  it('is the two-sided binomial tail', () => {
    // 2 · (1 + 10 + 45) / 1024 for 2 against 8
    expect(mcnemar(2, 8)).toBeCloseTo((2 * 56) / 1024, 9);
    expect(mcnemar(8, 2)).toBeCloseTo((2 * 56) / 1024, 9);
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(5, 5)).toBe(1);
    expect(mcnemar(0, 6)).toBeCloseTo(2 / 64, 9);
  });
});
