import { z } from 'zod';
import { mapping, show, want } from './words.ts';

/** The limits of a configuration: what is accepted, in which units. */

const latency = z
  .string(want('a time or cycles, e.g. 4ms, 120us, 1.2Mcycles'))
  .regex(
    /^(?!0+(\.0+)? ?[a-zA-Z])\d+(\.\d+)? ?(ns|us|ms|s|cycles|kcycles|Mcycles|Gcycles)$/,
    want('a time or cycles above 0, e.g. 4ms, 120us, 1.2Mcycles'),
  );

/** A number in a default unit, or one with its unit written behind it, brought to one scale. */
interface Quantity {
  /** What the reader should write. */
  readonly words: string;
  /** The units that are understood, and what a number of them is in the default unit. */
  readonly units: Readonly<Record<string, number>>;
  /** Excluded where `above` is set. */
  readonly least: number;
  readonly above?: boolean;
  readonly most?: number;
  /** Why a bare number may be meant in two ways; null where it cannot. */
  readonly ambiguous?: (bare: number) => string | null;
}

function quantity({ words, units, least, above, most, ambiguous }: Quantity) {
  const error = want(words);
  const within = above ? z.number(error).gt(least, error) : z.number(error).min(least, error);
  const bare = most === undefined ? within : within.max(most, error);
  const pattern = new RegExp(`^\\d+(\\.\\d+)? ?(${Object.keys(units).join('|')})$`);
  return z.union([bare, z.string(error).regex(pattern, error)], error).transform((written, context) => {
    const fault = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    if (typeof written === 'number') {
      const doubt = ambiguous?.(written) ?? null;
      return doubt === null ? written : fault(doubt);
    }
    const number = Number.parseFloat(written);
    const value = significant(number * units[written.replace(/^[\d.]+ ?/, '')]);
    return bare.safeParse(value).success ? value : fault(`must be ${words}; found ${show(written)}`);
  });
}

/** 0.07 rather than 0.07000000000000001. */
const significant = (x: number): number => Number(x.toPrecision(15));

/** Percentage points: `1`, `1pt` and `1%` are the same. */
const points = quantity({
  words: 'percentage points from 0 to 100, e.g. 1pt',
  units: { pt: 1, pts: 1, pp: 1, '%': 1 },
  ...{ least: 0, most: 100 },
  ambiguous: (bare) =>
    bare > 0 && bare < 0.1
      ? `is ambiguous: write ${bare}pt for ${bare} percentage points, ${significant(100 * bare)}pt if ${bare} is a share`
      : null,
});

/** A share: `0.9` and `90%` are the same. */
const share = quantity({
  words: 'a share above 0, at most 1, e.g. 0.9 or 90%',
  units: { '%': 0.01 },
  ...{ least: 0, above: true, most: 1 },
  ambiguous: (bare) => (bare === 1 ? 'is ambiguous: write 100% for all of them, or 1%' : null),
});

const ratio = quantity({ words: 'a ratio above 0', units: { x: 1 }, least: 0, above: true });
const decibels = quantity({ words: 'decibels from 0', units: { dB: 1 }, least: 0 });
const slowdown = quantity({ words: 'a percentage from 0, e.g. 5%', units: { '%': 1 }, least: 0 });
const cosine = z
  .number(want('a cosine from 0 to 1'))
  .min(0, want('a cosine from 0 to 1'))
  .max(1, want('a cosine from 0 to 1'));

export const thresholds = mapping({
  'max-accuracy-drop': points
    .optional()
    .describe('percentage points that INT8 may lose against FP32: 1, 1pt and 1% are the same'),
  'min-accuracy': share.optional().describe('least accuracy of INT8, as a share: 0.9 or 90%'),
  'max-error': z
    .number(want('a number'))
    .nonnegative(want('a number from 0'))
    .optional()
    .describe('largest value of the metrics mse and mae'),
  'min-agreement': share
    .optional()
    .describe('least share of samples on which INT8 and FP32 choose the same class: 0.9 or 90%'),
  'min-sqnr': decibels.optional().describe('least signal to quantization noise ratio of INT8 against FP32, dB'),
  'min-cosine': cosine.optional().describe('least mean cosine between INT8 and FP32 outputs'),
  'min-speedup': ratio.optional().describe('FP32 time over INT8 time'),
  'max-latency': latency.optional().describe('of INT8: a time (hardware only) or cycles (modelled only)'),
});

export const regression = mapping({
  'max-accuracy-drop': points.optional(),
  'max-slowdown': slowdown.optional(),
}).describe('against the merge base; accepted and not judged yet');
