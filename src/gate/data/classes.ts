import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import type { Labels } from '../metrics/metric.ts';
import { nearest } from '../words/suggest.ts';
import type { Files } from './files.ts';
import { decodeText } from './text.ts';

/** A label as it is written, and where. */
export interface Written {
  readonly text: string;
  readonly at: string;
}

/** Labels as metrics take them, and how they were read, where it was not written down. */
export interface Interpreted extends Labels {
  readonly notes: readonly string[];
}

/**
 * Labels as class numbers. Labels that are names count by their place in `data.classes`, or where that is absent in the
 * names that occur, sorted as Keras and torchvision sort the folders of classes.
 *
 * @param named whether the labels are names even where they look like numbers: folders
 * @throws InputError where a label is neither a number nor the name of a class
 */
export function classNumbers(labels: readonly Written[], config: DataConfig, files: Files, named = false): Interpreted {
  const given = classNames(config, files);
  const bare = labels.filter(({ text }) => !isNumber(text));
  if (given === null && bare.length === 0 && !named) return { values: numbers(labels), width: 1, notes: [] };
  if (given === null && bare.length < labels.length && !named) {
    const [{ text, at }] = bare;
    throw new InputError(
      `${at}: ${quote(text)} is not a class number, though other labels are; correct it, or name the classes in data.classes`,
    );
  }
  const empty = labels.find(({ text }) => text === '');
  if (empty !== undefined) throw new InputError(`${empty.at}: the label is missing`);
  const names = given ?? [...new Set(labels.map(({ text }) => text))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const place = new Map(names.map((name, i) => [name, i]));
  const values = Float64Array.from(labels, ({ text, at }) => {
    const index = place.get(text) ?? (isNumber(text) && !named ? Number(text) : undefined);
    if (index !== undefined) return index;
    const near = nearest(text, names);
    throw new InputError(
      `${at}: ${quote(text)} is not one of the ${names.length} names in data.classes${near === null ? '' : `; did you mean ${quote(near)}?`}`,
    );
  });
  return { values, width: 1, names, notes: given === null ? [orderNote(names, config)] : [] };
}

/** The names that the configuration gives, in the order of the class numbers; null where it gives none. */
function classNames({ classes }: DataConfig, files: Files): string[] | null {
  if (classes === undefined) return null;
  const what = typeof classes === 'string' ? classes : 'data.classes';
  const lines = typeof classes === 'string' ? decodeText(files.read(classes), classes).split('\n') : classes;
  const names = lines.map((line) => line.trim());
  while (names.at(-1) === '') names.pop();
  if (names.length === 0) throw new InputError(`${what}: holds no class names`);
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0)
    throw new InputError(`${what}: ${quote(names[twice])} stands there twice; each class needs its own name`);
  return names;
}

function orderNote(names: readonly string[], config: DataConfig): string {
  const offset = config['label-offset'] ?? 0;
  const shown = names.slice(0, 3).map((name, i) => `${i + offset} = ${name}`);
  const rest = names.length > 3 ? `, … ${names.length - 1 + offset} = ${names.at(-1)}` : '';
  return `Class numbers follow the alphabetical order of the ${names.length} class names found: ${shown.join(', ')}${rest}. Where the model was trained with another order or more classes, list them in data.classes.`;
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));
const numbers = (labels: readonly Written[]) => Float64Array.from(labels, ({ text }) => Number(text));
const quote = (text: string) => JSON.stringify(text.slice(0, 40));
