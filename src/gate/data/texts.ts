import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import { readArray, toReals } from './arrays.ts';
import type { Interpreted, Written } from './classes.ts';
import type { Files } from './files.ts';
import { decodeText } from './text.ts';

/** Labels that are texts, or sequences of token numbers; `data.classes` names the tokens. */

/** Longest label, in characters: what is compared with it costs the square of that. */
const LONGEST = 20_000;

/** @throws InputError where a label is too long to be compared, or tokens are numbered from elsewhere */
export function textLabels(labels: readonly Written[], config: DataConfig, files: Files): Interpreted {
  if ((config['label-offset'] ?? 0) !== 0)
    throw new InputError('data.label-offset: labels of this metric are texts, and there is no number to add to');
  const long = labels.find(({ text }) => text.length > LONGEST);
  if (long !== undefined)
    throw new InputError(`${long.at}: ${long.text.length} characters; a label may have ${LONGEST}`);
  const names = tokenNames(config, files);
  return {
    ...{ values: new Float64Array(0), width: 0, texts: labels.map(({ text }) => text), notes: [] },
    ...(names !== null && { names }),
  };
}

/** The rows of an array of token numbers; negative ones fill up short rows. */
export function rowsOfTokens(path: string, files: Files): Written[] {
  const { dtype, shape, data } = readArray(path, files);
  const values = Float64Array.from(toReals(data, dtype));
  const [rows = 0, ...rest] = shape;
  const width = rest.reduce((a, b) => a * b, 1);
  return Array.from({ length: rows }, (_, i) => {
    const row = Array.from(values.subarray(i * width, (i + 1) * width));
    const odd = row.find((token) => !Number.isInteger(token));
    if (odd !== undefined) throw new InputError(`${path}: row ${i} holds ${odd}, which is no number of a token`);
    return { text: row.filter((token) => token >= 0).join(' '), at: `${path}: row ${i}` };
  });
}

/** The tokens as they are written, for a blank is one of them; null where the configuration has none. */
function tokenNames({ classes }: DataConfig, files: Files): string[] | null {
  if (classes === undefined) return null;
  if (typeof classes !== 'string') return classes;
  const names = decodeText(files.read(classes), classes)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  while (names.at(-1) === '') names.pop();
  if (names.length === 0) throw new InputError(`${classes}: holds no tokens`);
  return names;
}
