import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';
import type { DataConfig, Rounding } from '../config/data_schema.ts';
import type { Labels } from '../metrics/metric.ts';
import { type BySide, mapSides } from '../sides.ts';
import { encode } from './encode.ts';
import type { Files } from './files.ts';
import { inputEntries, inputFiles } from './inputs.ts';
import { labelsGoByFile, readLabels } from './labels.ts';
import { chooseSamples } from './limit.ts';
import { openSource, type Source } from './source.ts';

/** A sample, ready to be fed. A record that is cut into windows makes several inferences. */
export interface Sample {
  readonly inferences: number;
  /** For each model input, its elements as the side's model takes them, the inferences one after another. */
  readonly inputs: BySide<readonly TensorData[]>;
  /** The real values that were fed to the first input. */
  readonly real: Float32Array;
  /** Where each input was read: a path, or a path and the place in it. */
  readonly files: readonly string[];
}

/** An open data set; samples are read and prepared when asked for. */
export interface Dataset {
  readonly size: number;
  readonly labels: Labels | null;
  /** How the data were read, where it was not written down: for notes. */
  readonly notes: readonly string[];
  /** Whether variables keep their values over the windows of a record; else they are fresh before each. */
  readonly carriesState?: boolean;
  load(index: number): Sample;
}

/**
 * Opens the data of the models of one entry. Counts, sizes and labels are checked here, values when a sample is loaded.
 *
 * @param ports input ports of each side's model, of the same shapes
 * @param labelsAre what the metric takes them for
 * @throws InputError where files are missing, sizes do not fit the model, or labels do not fit the files
 */
export function openDataset(
  config: DataConfig,
  ports: BySide<readonly Port[]>,
  files: Files,
  labelsAre: 'numbers' | 'texts' = 'numbers',
): Dataset {
  const entries = inputEntries(config, ports.int8);
  const paths = entries.map((entry) => inputFiles(entry, files));
  // Labels first where they go by file, or may say how records are cut into windows.
  const early = paths[0].length > 1 || labelsGoByFile(config) ? readLabels(config, paths[0], files, labelsAre) : null;
  const sources = ports.int8.map((port, i) => openSource(paths[i], port, entries[i].config, early?.window, files));
  const total = sources[0].count;
  sources.forEach((source, i) => {
    if (source.count !== total) {
      throw new InputError(
        `input "${ports.int8[i].name}" has ${source.count} samples, "${ports.int8[0].name}" has ${total}; every input needs the same number`,
      );
    }
  });
  if (total === 0) throw new InputError(`${entries[0].patterns.join(', ')}: holds zero samples`);
  const labels = total === paths[0].length && early !== null ? early : readLabels(config, total, files, labelsAre);
  const chosen = chooseSamples(total, config.limit, labels);
  return {
    size: chosen.length,
    labels: labels === null ? null : select(labels, chosen),
    carriesState: config.state === 'carried',
    notes: [...new Set([...sources.flatMap((source) => source.notes), ...(labels?.notes ?? [])])],
    load: (index) =>
      load(
        sources,
        chosen[index],
        ports,
        entries.map((entry) => entry.config.rounding),
      ),
  };
}

function select(labels: Labels, chosen: readonly number[]): Labels {
  const { width, texts } = labels;
  const values = new Float64Array(chosen.length * width);
  for (const [to, from] of chosen.entries()) {
    values.set(labels.values.subarray(from * width, (from + 1) * width), to * width);
  }
  return { ...labels, values, ...(texts && { texts: chosen.map((from) => texts[from]) }) };
}

function load(
  sources: readonly Source[],
  index: number,
  ports: BySide<readonly Port[]>,
  rounding: readonly (Rounding | undefined)[],
): Sample {
  const parts = sources.map((source) => source.read(index));
  const { inferences } = parts[0];
  const uneven = parts.find((part) => part.inferences !== inferences);
  if (uneven !== undefined) {
    throw new InputError(
      `${uneven.what}: ${uneven.inferences} windows, but input "${ports.int8[0].name}" has ${inferences}; they must be equal`,
    );
  }
  return {
    inferences,
    inputs: mapSides(ports, (of, side) =>
      parts.map((part, i) => {
        if (side === 'int8' && part.asInt8 !== undefined) return part.asInt8;
        return encode(part.real, of[i], part.what, side === 'fp32' ? undefined : rounding[i]);
      }),
    ),
    real: parts[0].real,
    files: parts.map(({ what }) => what),
  };
}
