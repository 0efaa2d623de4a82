import type { Port } from '../../compiler/build.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Dataset, Sample } from '../data/dataset.ts';
import { decode } from '../data/encode.ts';
import { concat } from '../metrics/outputs.ts';
import { type BySide, mapSides, type SampleRun, type Side, sidesOf, valuesOf } from '../sides.ts';
import type { InferenceOptions, Runner, Tensors } from './engine.ts';

/** Inputs and outputs of one round trip to the devices; bounds memory, not the result. */
const CHUNK_BYTES = 64 << 20;

/**
 * Runs every sample of the data set through every side's model, and yields what each gave, in the order of the samples.
 * State is fresh before every inference, or before every sample where the data set says so.
 *
 * @param onProgress called with the share that is done, 0 to 1
 */
export async function* runSamples(
  dataset: Dataset,
  runners: BySide<Runner>,
  onProgress: (share: number) => void = () => {},
): AsyncGenerator<SampleRun> {
  const sides = sidesOf(runners);
  for (let first = 0; first < dataset.size; ) {
    const samples = loadChunk(dataset, first, bytesOf(valuesOf(runners)));
    const inferences = samples.reduce((sum, sample) => sum + sample.inferences, 0);
    const results = new Map<Side, Tensors[]>();
    for (const [k, side] of sides.entries()) {
      // One after the other: each already uses all processors.
      const { inputs, run } = runners[side] as Runner;
      const report = (done: number) =>
        onProgress((first + (samples.length * (k + done / inferences)) / sides.length) / dataset.size);
      results.set(
        side,
        await run(
          samples.flatMap((sample) => inferencesOf(sample, side, inputs)),
          { ...stateOf(dataset, samples), onProgress: report },
        ),
      );
    }
    let at = 0;
    for (const [i, { inferences: n, real, inputs, files }] of samples.entries()) {
      const from = at;
      at += n;
      const outputs = mapSides(runners, ({ outputs: ports }, side) =>
        ports.map((port, k) =>
          concat(
            results
              .get(side)!
              .slice(from, at)
              .map((tensors) => decode(tensors[k], port)),
          ),
        ),
      );
      yield { index: first + i, files, inferences: n, real, inputs, outputs };
    }
    first += samples.length;
  }
}

/** How state is kept over the inferences of these samples, which follow each other. */
export const stateOf = ({ carriesState = false }: Dataset, samples: readonly Sample[]): InferenceOptions =>
  carriesState ? { records: samples.map(({ inferences }) => inferences) } : {};

/** As many samples from `first` on as fit into a round trip, at least one. */
function loadChunk(dataset: Dataset, first: number, bytesOfInference: number): Sample[] {
  const samples: Sample[] = [];
  for (let bytes = 0; first + samples.length < dataset.size && bytes < CHUNK_BYTES; ) {
    const sample = dataset.load(first + samples.length);
    samples.push(sample);
    bytes += sample.inferences * bytesOfInference;
  }
  return samples;
}

/** What one inference of all runners takes and gives. */
const bytesOf = (runners: readonly Runner[]): number =>
  runners.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]).reduce((sum, port) => sum + port.bytes, 0);

/** The inputs of each of a sample's inferences. */
export const inferencesOf = ({ inferences, inputs }: Sample, side: Side, ports: readonly Port[]): Tensors[] =>
  Array.from({ length: inferences }, (_, n) =>
    (inputs[side] as readonly TensorData[]).map((data, i) => {
      const size = elements(ports[i].shape);
      return data.subarray(n * size, (n + 1) * size);
    }),
  );
