import { basename, dirname, normalize, relative } from 'node:path';
import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/schema.ts';
import { readArray, toReals } from './arrays.ts';
import { parseCsv, type Row } from './csv.ts';
import type { Files } from './files.ts';

/** What is known about the samples: a class (width 1) or a target of `width` values each. */
export interface Labels {
  readonly values: Float64Array;
  readonly width: number;
  /** Window in bytes that MLPerf Tiny's y_labels.csv gives for records. */
  readonly window?: { readonly bytes: number; readonly step: number };
}

/**
 * The labels of the samples, in their order. A .csv is joined by file name, all else by order.
 *
 * @param samples paths, one a sample; or how many samples one file holds
 * @throws InputError where labels and samples do not match one to one
 */
export function readLabels(config: DataConfig, samples: readonly string[] | number, files: Files): Labels | null {
  const path = config.labels;
  if (path === undefined) return null;
  const count = typeof samples === 'number' ? samples : samples.length;
  const offset = config['label-offset'] ?? 0;
  const shift = (labels: Labels): Labels =>
    offset === 0 ? labels : { ...labels, values: labels.values.map((v) => v + offset) };
  if (/\.csv$/i.test(path)) {
    if (typeof samples === 'number') {
      throw new InputError(
        `${path}: a .csv names files, but one file holds all samples; give the labels as .npy or .txt, one a sample`,
      );
    }
    return shift(joinCsv(new TextDecoder().decode(files.read(path)), path, config, samples, files));
  }
  const { values, rows } = /\.txt$/i.test(path)
    ? readLines(new TextDecoder().decode(files.read(path)), path)
    : readValues(path, files);
  if (rows !== count) {
    throw new InputError(
      `${path}: ${rows} labels, but the inputs hold ${count} samples; there must be one label a sample, in the same order`,
    );
  }
  return shift({ values, width: values.length / rows });
}

function readValues(path: string, files: Files) {
  const { dtype, shape, data } = readArray(path, files);
  const values = Float64Array.from(toReals(data, dtype));
  const rows = shape[0] ?? 0;
  if (rows === 0) throw new InputError(`${path}: holds no labels`);
  if (values.some((v) => !Number.isFinite(v))) throw new InputError(`${path}: holds NaN or infinite values`);
  return { values, rows };
}

function readLines(text: string, path: string) {
  const lines = text.split('\n').map((s) => s.trim());
  while (lines.at(-1) === '') lines.pop();
  const values = Float64Array.from(lines, (line, i) => number(line, `${path}:${i + 1}`));
  return { values, rows: values.length };
}

function number(text: string | undefined, at: string): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw new InputError(`${at}: ${JSON.stringify((text ?? '').slice(0, 40))} is no label; it must be a class number`);
  return value;
}

/** Which columns of a labels .csv hold what, and which rows hold data. */
interface Layout {
  readonly file: number;
  readonly label: number;
  readonly windows: boolean;
  readonly rows: readonly Row[];
}

/**
 * With a header: the columns named in the configuration, else "file" and "label". Without: `file,label`, or MLPerf
 * Tiny's `file,classes,label[,window,stride]`.
 */
function layoutOf(rows: readonly Row[], path: string, config: DataConfig): Layout {
  if (rows.length === 0) throw new InputError(`${path}: holds no labels`);
  const [{ cells: head }] = rows;
  const named = config['file-column'] !== undefined || config['label-column'] !== undefined;
  const headerless = !named && [2, 3, 5].includes(head.length) && head.slice(1).every((c) => /^\d+$/.test(c));
  if (headerless) return { file: 0, label: head.length === 2 ? 1 : 2, windows: head.length === 5, rows };
  const column = (name: string, key: string) => {
    const at = head.indexOf(name);
    if (at < 0) {
      throw new InputError(
        `${path}:${rows[0].line}: no column "${name}" among ${head.slice(0, 20).join(', ').slice(0, 200)}; set ${key} in the configuration`,
      );
    }
    return at;
  };
  return {
    file: column(config['file-column'] ?? 'file', 'data.file-column'),
    label: column(config['label-column'] ?? 'label', 'data.label-column'),
    windows: false,
    rows: rows.slice(1),
  };
}

function joinCsv(text: string, path: string, config: DataConfig, samples: readonly string[], files: Files): Labels {
  const { file, label, windows, rows } = layoutOf(parseCsv(text), path, config);
  const byFile = new Map<string, Row>();
  for (const row of rows) {
    const name = normalize(row.cells[file] ?? '');
    const earlier = byFile.get(name);
    if (earlier !== undefined)
      throw new InputError(`${path}:${row.line}: ${name} is already labelled in line ${earlier.line}`);
    byFile.set(name, row);
  }
  const folder = dirname(files.locate(path));
  const used = new Set<Row>();
  const missing: string[] = [];
  const found = samples.map((sample) => {
    const row = byFile.get(relative(folder, files.locate(sample))) ?? byFile.get(basename(sample));
    if (row === undefined) missing.push(sample);
    else used.add(row);
    return row;
  });
  const some = (names: readonly string[]) => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  if (missing.length > 0) {
    throw new InputError(`${path}: no label for ${missing.length} of ${samples.length} inputs: ${some(missing)}`);
  }
  const idle = rows.filter((row) => !used.has(row)).map((row) => row.cells[file] ?? '');
  if (idle.length > 0) {
    throw new InputError(
      `${path}: ${idle.length} of ${rows.length} labels have no input: ${some(idle)}; widen data.inputs, or use data.limit for fewer samples`,
    );
  }
  if (used.size !== found.length)
    throw new InputError(`${path}: several inputs share one label; name the files by their path`);
  const first = found[0];
  return {
    values: Float64Array.from(found, (row) => number(row?.cells[label], `${path}:${row?.line}`)),
    width: 1,
    ...(windows && first !== undefined
      ? {
          window: {
            bytes: number(first.cells[3], `${path}:${first.line}`),
            step: number(first.cells[4], `${path}:${first.line}`),
          },
        }
      : {}),
  };
}
