import { z } from 'zod';
import { didYouMean } from './suggest.ts';

/** How the schema of the configuration speaks to those who write one. */

export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** A mapping with these keys and no others; an unknown key is named, with what it was probably meant to be. */
export function mapping<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `unknown key "${key}"${didYouMean(key, known)}`).join('\n')
        : `must be a mapping with some of the keys ${known.join(', ')}; found ${show(issue.input)}`,
  });
}

/** Replaces zod's own words by what the reader should write; a value that is missing is said to be missing. */
export const want = (what: string) => ({
  error: (issue: { input?: unknown }) =>
    issue.input === undefined ? `is missing: ${what}` : `must be ${what}; found ${show(issue.input)}`,
});
