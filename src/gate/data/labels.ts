import { basename, dirname } from 'node:path';
import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import { readArray, toReals } from './arrays.ts';
import { classNumbers } from './classes.ts';
import type { Files } from './files.ts';
import { joinTable, type ReadLabels } from './label_table.ts';
import { decodeText } from './text.ts';

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
 * @throws InputError where labels and samples do not match one to one
 */
export function readLabels(config: DataConfig, samples: readonly string[] | number, files: Files): ReadLabels | null {
  const path = config.labels;
  if (path === undefined) {
    if (config.classes === undefined) return null;
    throw new InputError('data.classes names the classes of data.labels, which is missing');
  }
  const labels = read(path, config, samples, files);
  const offset = config['label-offset'] ?? 0;
  return offset === 0 ? labels : { ...labels, values: labels.values.map((v) => v + offset) };
}

function read(path: string, config: DataConfig, samples: readonly string[] | number, files: Files): ReadLabels {
  if (labelsGoByFile(config) && typeof samples === 'number') {
    throw new InputError(
      `${path}: names files, but one file holds all samples; give the labels as .npy or .txt, one a sample`,
    );
  }
  if (path === FOLDERS && typeof samples !== 'number') {
    const written = samples.map((sample) => ({ text: basename(dirname(files.locate(sample))), at: sample }));
    return { width: 1, ...classNumbers(written, config, files, true) };
  }
  if (isTable(path) && typeof samples !== 'number')
    return joinTable(decodeText(files.read(path), path), path, config, samples, files);

  const { rows, ...labels } = /\.txt$/i.test(path) ? readLines(path, config, files) : readValues(path, files);
  const count = typeof samples === 'number' ? samples : samples.length;
  if (rows !== count) {
    throw new InputError(
      `${path}: ${rows} labels, but the inputs hold ${count} samples; there must be one label a sample, in the same order`,
    );
  }
  return { ...labels, width: labels.values.length / rows };
}

function readValues(path: string, files: Files) {
  const { dtype, shape, data } = readArray(path, files);
  const values = Float64Array.from(toReals(data, dtype));
  const rows = shape[0] ?? 0;
  if (rows === 0) throw new InputError(`${path}: holds no labels`);
  if (values.some((v) => !Number.isFinite(v))) throw new InputError(`${path}: holds NaN or infinite values`);
  return { values, rows };
}

/** One label a line. */
function readLines(path: string, config: DataConfig, files: Files) {
  const lines = decodeText(files.read(path), path)
    .split('\n')
    .map((s) => s.trim());
  while (lines.at(-1) === '') lines.pop();
  const written = lines.map((text, i) => ({ text, at: `${path}:${i + 1}` }));
  return { ...classNumbers(written, config, files), rows: lines.length };
}
