import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { show, want } from '../words/words.ts';

/** What a limit may be: numbers, units, and what is refused because it may be meant in two ways. */

export const latency = z
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
export const points = quantity({
  words: 'percentage points from 0 to 100, e.g. 1pt',
  units: { pt: 1, pts: 1, pp: 1, '%': 1 },
  ...{ least: 0, most: 100 },
  ambiguous: (bare) =>
    bare > 0 && bare < 0.1
      ? `is ambiguous: write ${bare}pt for ${bare} percentage points, ${significant(100 * bare)}pt if ${bare} is a share`
      : null,
});

/** A share: `0.9` and `90%` are the same. */
export const share = quantity({
  words: 'a share above 0, at most 1, e.g. 0.9 or 90%',
  units: { '%': 0.01 },
  ...{ least: 0, above: true, most: 1 },
  ambiguous: (bare) => (bare === 1 ? 'is ambiguous: write 100% for all of them, or 1%' : null),
});

const POINT = 'point';

/** How sure a verdict on accuracy has to be: `0.8` and `80%` are the same. */
const sureness = quantity({
  words: 'a confidence above 50%, at most 99.9%, e.g. 80% or 0.95, or point',
  units: { '%': 0.01 },
  ...{ least: 0.5, above: true, most: 0.999 },
});
export const confidence = z.union(
  [z.literal(POINT), sureness],
  want('a confidence above 50%, at most 99.9%, e.g. 80% or 0.95, or point'),
);

export const ratio = quantity({ words: 'a ratio above 0', units: { x: 1 }, least: 0, above: true });
export const decibels = quantity({ words: 'decibels from 0', units: { dB: 1 }, least: 0 });
export const percentage = quantity({ words: 'a percentage from 0, e.g. 5%', units: { '%': 1 }, least: 0 });
/** A share that may be nothing: `0.02` and `2%` are the same. */
export const tolerance = quantity({
  words: 'a share from 0, at most 0.5, e.g. 2%',
  units: { '%': 0.01 },
  ...{ least: 0, most: 0.5 },
});
export const cosineValue = z
  .number(want('a cosine from 0 to 1'))
  .min(0, want('a cosine from 0 to 1'))
  .max(1, want('a cosine from 0 to 1'));

/** The value of a metric whose unit is its own. */
export const errorValue = z.number(want('a number')).nonnegative(want('a number from 0'));

/** A latency limit: `4ms` in nanoseconds, `1.2Mcycles` in cycles. The schema has checked its form. */
export function parseLatency(text: string): { readonly unit: 'ns' | 'cycles'; readonly value: number } {
  const [, digits, suffix] = /^([\d.]+) ?(\w+)$/.exec(text) ?? [];
  const times: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
  const cycles: Record<string, number> = { cycles: 1, kcycles: 1e3, Mcycles: 1e6, Gcycles: 1e9 };
  if (suffix in times) return { unit: 'ns', value: Number(digits) * times[suffix] };
  if (suffix in cycles) return { unit: 'cycles', value: Number(digits) * cycles[suffix] };
  throw new InputError(`${text}: no latency; write for example 4ms or 1.2Mcycles`);
}
