import { basename, dirname, normalize, relative } from 'node:path';
import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import type { Labels } from '../metrics/metric.ts';
import type { Interpreted, Written } from './classes.ts';
import { type CsvRow, parseCsv } from './csv.ts';
import type { Files } from './files.ts';

/** Labels as files give them. */
export interface ReadLabels extends Labels {
  /** How they were read, where it was not written down. */
  readonly notes?: readonly string[];
  /** Window in bytes that MLPerf Tiny's y_labels.csv gives for records. */
  readonly window?: { readonly bytes: number; readonly step: number };
}

/** Which columns of a table of labels hold what, and which rows hold data. */
interface Layout {
  readonly file: number;
  readonly label: number;
  readonly windows: boolean;
  readonly rows: readonly CsvRow[];
}

/**
 * With a header: the columns named in the configuration, else "file" and "label". Without, where the first row names an
 * input or its other cells are numbers: `file,label`, or MLPerf Tiny's `file,classes,label[,window,stride]`.
 */
function layoutOf(
  rows: readonly CsvRow[],
  path: string,
  config: DataConfig,
  isInput: (name: string) => boolean,
): Layout {
  if (rows.length === 0) throw new InputError(`${path}: holds no labels`);
  const [{ cells: head }] = rows;
  const named = config['file-column'] !== undefined || config['label-column'] !== undefined;
  const headerless =
    !named &&
    [2, 3, 5].includes(head.length) &&
    (head.slice(1).every((c) => /^\d+$/.test(c)) || isInput(normalize(head[0])));
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

/**
 * The labels of files from a table. A row's file name counts from the table's folder or from the working directory, is
 * absolute, or is the bare name.
 *
 * @param interpret says what the labels mean
 */
export function joinTable(
  text: string,
  path: string,
  config: DataConfig,
  samples: readonly string[],
  files: Files,
  interpret: (written: readonly Written[]) => Interpreted,
): ReadLabels {
  const bases = [dirname(files.locate(path)), files.locate('.')];
  /** What a row may call each sample, the surest name first. */
  const names = samples.map((sample) => {
    const full = files.locate(sample);
    return [...bases.map((base) => relative(base, full)), full, basename(sample)];
  });
  const known = new Set(names.flat());
  const { file, label, windows, rows } = layoutOf(parseCsv(text, path), path, config, (name) => known.has(name));
  const byFile = new Map<string, CsvRow>();
  for (const row of rows) {
    const name = normalize(row.cells[file] ?? '');
    const earlier = byFile.get(name);
    if (earlier !== undefined)
      throw new InputError(`${path}:${row.line}: ${name} is already labelled in line ${earlier.line}`);
    byFile.set(name, row);
  }
  const used = new Set<CsvRow>();
  const missing: string[] = [];
  const found = samples.map((sample, i) => {
    const row = names[i].map((name) => byFile.get(name)).find((candidate) => candidate !== undefined);
    if (row === undefined) missing.push(sample);
    else used.add(row);
    return row;
  });
  const some = (names: readonly string[]) => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  if (missing.length > 0) {
    const [row] = rows;
    throw new InputError(
      `${path}: no label for ${missing.length} of ${samples.length} inputs: ${some(missing)}; file names in it count from its own folder or from the working directory${row === undefined ? '' : ` (line ${row.line} has ${JSON.stringify((row.cells[file] ?? '').slice(0, 100))})`}`,
    );
  }
  if (used.size !== found.length)
    throw new InputError(`${path}: several inputs share one label; name the files by their path`);
  const idle = rows.filter((row) => !used.has(row)).map((row) => row.cells[file] ?? '');
  const written = (found as CsvRow[]).map((row) => ({ text: row.cells[label] ?? '', at: `${path}:${row.line}` }));
  const { notes, ...labels } = interpret(written);
  const first = found[0];
  return {
    ...labels,
    notes: [
      ...notes,
      ...(idle.length === 0
        ? []
        : [
            `${path} has ${rows.length} labels, ${idle.length} of them for files that are not among the inputs (${some(idle)}).`,
          ]),
    ],
    ...(windows && first !== undefined
      ? { window: { bytes: number(first, 3, path), step: number(first, 4, path) } }
      : {}),
  };
}

function number({ cells, line }: CsvRow, column: number, path: string): number {
  const value = Number(cells[column]);
  if (cells[column] === '' || !Number.isFinite(value))
    throw new InputError(
      `${path}:${line}: ${JSON.stringify((cells[column] ?? '').slice(0, 40))} is not a number of bytes`,
    );
  return value;
}
