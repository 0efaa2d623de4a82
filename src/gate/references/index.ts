import { InputError } from '../../errors.ts';
import type { Engine, Runner } from '../engines/engine.ts';
import { LITERT_VERSION, litertEngine } from '../engines/litert.ts';
import { TFJS_VERSION, tfjsEngine } from '../engines/tfjs/executor.ts';
import { didYouMean } from '../words/suggest.ts';

/** A runner that holds something, a process for one, until it is closed. */
export interface ReferenceRunner extends Runner {
  close(): void;
}

/** Another runtime that models are run in, to see whether our builds compute the same. */
export interface Reference {
  readonly title: string;
  readonly version: string;
  /** Which of a pair's builds it looks at. */
  readonly side: 'int8' | 'fp32';
  /** Made where it is asked for: nothing of the runtime is loaded before. */
  readonly engine: () => Engine<ReferenceRunner>;
}

export type ReferenceName = 'litert' | 'tfjs';

/** The references that a check can be given, by the names that `--reference` takes. */
export const REFERENCES = {
  litert: { title: 'LiteRT', version: LITERT_VERSION, side: 'int8', engine: () => litertEngine() },
  tfjs: { title: 'TF.js', version: TFJS_VERSION, side: 'fp32', engine: () => tfjsEngine },
} as const satisfies Record<ReferenceName, Reference>;

const NAMES = Object.keys(REFERENCES) as ReferenceName[];

/** What `--reference` and the action's input take; the first is the default. */
export const REFERENCE_CHOICES: readonly string[] = [...NAMES, 'none'];

/**
 * Names with commas between, or `none`; nothing is the default.
 * @param key what the user wrote it in, for messages
 * @throws InputError where a name is unknown
 */
export function parseReferences(text: string, key: string): readonly ReferenceName[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name === '')) return [NAMES[0]];
  if (names.length === 1 && names[0] === 'none') return [];
  const unknown = names.find((name) => !NAMES.includes(name as ReferenceName));
  if (unknown !== undefined)
    throw new InputError(
      `${key}: "${unknown}" is not one of ${REFERENCE_CHOICES.join(', ')}${didYouMean(unknown, REFERENCE_CHOICES)}`,
    );
  return [...new Set(names as ReferenceName[])];
}
