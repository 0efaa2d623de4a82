import { basename, dirname } from 'node:path';
import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import { readArray, toReals } from './arrays.ts';
import { classNumbers, type Interpreted, type Written } from './classes.ts';
import type { Files } from './files.ts';
import { joinTable, type ReadLabels } from './label_table.ts';
import { isMasks, readMasks } from './masks.ts';
import { decodeText } from './text.ts';
import { rowsOfTokens, textLabels } from './texts.ts';

/** The value of `data.labels` that has the folder of each file name its class. */
export const FOLDERS = 'folders';
const isTable = (path: string): boolean => /\.(csv|tsv)$/i.test(path);

/** Whether the labels name files, not places in an order. */
export const labelsGoByFile = ({ labels }: DataConfig): boolean =>
  labels !== undefined && (labels === FOLDERS || isTable(labels));

/**
 * The labels of the samples, in their order. A table is joined by file name, folders name the classes of their files, all
 * else goes by order.
 *
 * @param samples paths, one a sample; or how many samples one file holds
 * @param are what they are: numbers or names of classes and targets, or texts
 * @throws InputError where labels and samples do not match one to one
 */
export function readLabels(
  config: DataConfig,
  samples: readonly string[] | number,
  files: Files,
  are: 'numbers' | 'texts' = 'numbers',
): ReadLabels | null {
  const path = config.labels;
  if (path === undefined) {
    if (config.classes === undefined) return null;
    throw new InputError('data.classes names the classes of data.labels, which is missing');
  }
  const interpret = (written: readonly Written[], named = false) =>
    are === 'texts' ? textLabels(written, config, files) : classNumbers(written, config, files, named);
  const labels = read(path, config, samples, files, are, interpret);
  const offset = config['label-offset'] ?? 0;
  if (offset === 0) return labels;
  const { names } = labels;
  return {
    ...{ ...labels, values: labels.values.map((v) => v + offset) },
    // Numbers below the offset have no name.
    ...(names && {
      names: offset > 0 ? [...Array.from({ length: offset }, (_, i) => `${i}`), ...names] : names.slice(-offset),
    }),
  };
}

function read(
  path: string,
  config: DataConfig,
  samples: readonly string[] | number,
  files: Files,
  are: 'numbers' | 'texts',
  interpret: (written: readonly Written[], named?: boolean) => Interpreted,
): ReadLabels {
  if (labelsGoByFile(config) && typeof samples === 'number') {
    throw new InputError(
      `${path}: names files, but one file holds all samples; give the labels as .npy or .txt, one a sample`,
    );
  }
  if (path === FOLDERS && typeof samples !== 'number') {
    const written = samples.map((sample) => ({ text: basename(dirname(files.locate(sample))), at: sample }));
    return interpret(written, true);
  }
  if (isTable(path) && typeof samples !== 'number')
    return joinTable(decodeText(files.read(path), path), path, config, samples, files, interpret);

  if (isMasks(path, files)) {
    if (are === 'texts') throw new InputError(`${path}: masks, but the metric takes texts`);
    return readMasks(path, samples, files);
  }
  const { rows, ...labels } = /\.txt$/i.test(path)
    ? readLines(path, interpret, files, are === 'texts')
    : are === 'texts'
      ? readTokens(path, interpret, files)
      : readValues(path, files);
  const count = typeof samples === 'number' ? samples : samples.length;
  if (rows !== count) {
    throw new InputError(
      `${path}: ${rows} labels, but the inputs hold ${count} samples; there must be one label a sample, in the same order`,
    );
  }
  return labels;
}

function readValues(path: string, files: Files) {
  const { dtype, shape, data } = readArray(path, files);
  const values = Float64Array.from(toReals(data, dtype));
  const rows = shape[0] ?? 0;
  if (rows === 0) throw new InputError(`${path}: holds no labels`);
  if (values.some((v) => !Number.isFinite(v))) throw new InputError(`${path}: holds NaN or infinite values`);
  return { values, width: values.length / rows, rows };
}

/** One label a line. */
function readLines(
  path: string,
  interpret: (written: readonly Written[]) => Interpreted,
  files: Files,
  texts: boolean,
) {
  const lines = decodeText(files.read(path), path)
    .split('\n')
    .map((s) => s.trim());
  // An empty text may be meant, but for what follows the last line feed.
  while (lines.at(-1) === '') {
    lines.pop();
    if (texts) break;
  }
  const written = lines.map((text, i) => ({ text, at: `${path}:${i + 1}` }));
  return { ...interpret(written), rows: lines.length };
}

/** One row of token numbers a sample. */
function readTokens(path: string, interpret: (written: readonly Written[]) => Interpreted, files: Files) {
  const written = rowsOfTokens(path, files);
  if (written.length === 0) throw new InputError(`${path}: holds no labels`);
  return { ...interpret(written), rows: written.length };
}
