import { InputError, type Place } from '../../errors.ts';

/** Keys and indexes from the top of the file to a value. */
export type KeyPath = readonly (string | number)[];

/** Where the value at a path stands in the file. */
export type Locate = (path: KeyPath) => Place;

const MOST_PROBLEMS = 20;

export interface Problem {
  readonly at: Place;
  readonly text: string;
}

/** Throws the problems as one InputError, in the order in which they stand in the file; returns where there are none. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const sorted = [...problems].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  const shown = sorted.slice(0, MOST_PROBLEMS).map(({ at, text }) => `${at.file}:${at.line}:${at.column}: ${text}`);
  if (sorted.length > shown.length) shown.push(`… and ${sorted.length - shown.length} more`);
  throw new InputError(shown.join('\n'), { at: sorted[0].at });
}

/** A path as messages write it: `models[0].thresholds`; empty at the top. */
export const written = (path: KeyPath): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
