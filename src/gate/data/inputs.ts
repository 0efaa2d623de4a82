import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import type { DataConfig } from '../config/data_schema.ts';
import { splitPath } from './arrays.ts';
import type { Files } from './files.ts';

/** What one input of a model is fed from. */
export interface InputEntry {
  readonly patterns: readonly string[];
  /** `data` as this input sees it: what its own entry says goes before what stands above. */
  readonly config: DataConfig;
}

/** The entries of `data.inputs`, in the model's order. */
export function inputEntries(config: DataConfig, ports: readonly Port[]): InputEntry[] {
  const { inputs } = config;
  if (typeof inputs === 'string' || Array.isArray(inputs)) {
    if (ports.length === 1) return [{ patterns: [inputs].flat(), config }];
    throw new InputError(
      `the model has ${ports.length} inputs; give data.inputs as a mapping with the keys ${names(ports)}`,
    );
  }
  const found: InputEntry[] = [];
  for (const [key, entry] of Object.entries(inputs)) {
    const named = ports.findIndex((port) => port.name === key);
    const at = named >= 0 ? named : /^\d+$/.test(key) ? Number(key) : -1;
    if (at < 0 || at >= ports.length) {
      throw new InputError(
        `data.inputs: the model has no input "${key}"; it has ${names(ports)}, or 0 to ${ports.length - 1} by position`,
      );
    }
    if (found[at] !== undefined) throw new InputError(`data.inputs: input "${ports[at].name}" is given twice`);
    if (typeof entry === 'string' || Array.isArray(entry)) found[at] = { patterns: [entry].flat(), config };
    else {
      const { files, ...own } = entry;
      found[at] = { patterns: [files].flat(), config: { ...config, ...own } };
    }
  }
  return ports.map((port, i) => {
    if (found[i] === undefined) throw new InputError(`data.inputs: nothing for the model's input "${port.name}"`);
    return found[i];
  });
}

const names = (ports: readonly Port[]) => ports.map((port) => `"${port.name}"`).join(', ');

/** The files of an entry; `file.npz#array` names an array of each archive. */
export function inputFiles({ patterns }: InputEntry, files: Files): string[] {
  return patterns.flatMap((pattern) => {
    const { file, array } = splitPath(pattern);
    return files.expand(file).map((path) => (array === undefined ? path : `${path}#${array}`));
  });
}
