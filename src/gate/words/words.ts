import { z } from 'zod';
import { didYouMean } from './suggest.ts';

/** How the schema of the configuration speaks to those who write one. */

/** A value as messages quote it. */
export const show = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : (quote(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** As JSON; an alias may make a value a part of itself, which JSON cannot write. */
function quote(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return 'a value that contains itself';
  }
}

/** A mapping with these keys and no others; an unknown key is named, with what it was probably meant to be. */
export function mapping<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `unknown key "${key}"${didYouMean(key, known)}`).join('\n')
        : want(`a mapping with some of the keys ${known.join(', ')}`).error(issue),
  });
}

/** Replaces zod's own words by what the reader should write; a value that is missing is said to be missing. */
export const want = (what: string) => ({
  error: (issue: { input?: unknown }) =>
    issue.input === undefined ? `is missing; it must be ${what}` : `must be ${what}; found ${show(issue.input)}`,
});

/** A path, or a name that is as free. */
export const path = (what: string) => z.string(want(what)).min(1, want(what)).max(4096, want(what));
const LARGEST = 3.4028234663852886e38;
const TINIEST = 1.401298464324817e-45;
const heldAs = (what: string): string => `${what} that float32 holds, up to 3.4e38`;
/** A number that data of float32 are computed with. */
export const real = (what: string) =>
  z
    .number(want(what))
    .min(-LARGEST, want(heldAs(what)))
    .max(LARGEST, want(heldAs(what)));
/** The same above 0, and not so small that float32 makes it 0. */
export const positiveReal = (what: string) => real(what).min(TINIEST, want(`${heldAs(what)}, above 0`));
export const positive = (what: string) => z.number(want(what)).positive(want(what));
export const count = (what: string) =>
  z
    .int(want(what))
    .positive(want(what))
    .max(1e9, want(`${what}, at most 1000000000`));

const KINDS: Readonly<Record<string, string>> = {
  ...{ array: 'a list', set: 'a list', object: 'a mapping', record: 'a mapping', map: 'a mapping' },
  ...{ string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', null: 'nothing' },
};

const COUNTED: Readonly<Record<string, string>> = { array: 'entries', set: 'entries', string: 'characters' };

/** What is wrong with a value whose schema has no words of its own for it, for a reader who knows YAML, not zod. */
export function plainWords(issue: z.core.$ZodRawIssue): string {
  const found = issue.input === undefined ? 'is missing; it must be ' : 'must be ';
  const tail = issue.input === undefined ? '' : `; found ${show(issue.input)}`;
  return `${found}${wanted(issue)}${tail}`;
}

function wanted(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'too_small':
      return size(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return size(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    default:
      return 'a value that docs/config.md lists for this key';
  }
}

function size(origin: string, bound: number | bigint, relation: string): string {
  const counted = COUNTED[origin];
  if (counted === undefined) return `${relation} ${bound}`;
  return `${KINDS[origin]} of ${relation} ${bound} ${bound === 1 ? counted.replace(/ies$/, 'y').replace(/s$/, '') : counted}`;
}
