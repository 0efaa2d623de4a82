import type { Build } from '../../compiler/build.ts';
import { allocate, fromBytes } from '../../model/tensor/dtype.ts';
import type { Device, Job, RunnerImage } from '../../runtime/devices/device.ts';
import type { Sample } from '../data/dataset.ts';
import { decode } from '../data/encode.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { startEvaluation } from '../metrics/evaluation.ts';
import { countInputs } from '../metrics/inputs.ts';
import type { Pair } from './pair.ts';

/** A build that can be run: where it is linked in, and what runs it. */
export interface Runnable {
  readonly device: Device;
  readonly image: RunnerImage;
  /** Index into the image's builds. */
  readonly build: number;
}

/** Inputs and outputs of one round trip to the devices; bounds memory, not the result. */
const CHUNK_BYTES = 64 << 20;

/**
 * Runs all samples through both builds and compares.
 *
 * @param onProgress called with the share that is done, 0 to 1
 */
export async function measureAccuracy(
  { dataset, metric, twin }: Pair,
  int8: Runnable,
  fp32: Runnable,
  onProgress: (share: number) => void,
): Promise<Accuracy> {
  const builds = { int8: buildOf(int8), fp32: buildOf(fp32) };
  const evaluation = startEvaluation(metric, builds.int8.outputs, dataset.size, twin);
  const inputs = countInputs(builds.int8.inputs, builds.fp32.inputs);
  const cost = [...builds.int8.inputs, ...builds.int8.outputs, ...builds.fp32.inputs, ...builds.fp32.outputs];
  const perInference = cost.reduce((sum, port) => sum + port.bytes, 0);
  for (let first = 0; first < dataset.size; ) {
    const samples: Sample[] = [];
    for (let bytes = 0; first + samples.length < dataset.size && bytes < CHUNK_BYTES; ) {
      const sample = dataset.load(first + samples.length);
      samples.push(sample);
      inputs.add(sample.fp32);
      bytes += sample.inferences * perInference;
    }
    const inferences = samples.reduce((sum, sample) => sum + sample.inferences, 0);
    const report = (side: number) => (done: number) =>
      onProgress((first + (samples.length * (side + done / inferences)) / 2) / dataset.size);
    // One after the other: each already uses all processors.
    const outputs = {
      int8: await run(
        int8,
        samples.map((sample) => sample.int8),
        inferences,
        report(0),
      ),
      fp32: await run(
        fp32,
        samples.map((sample) => sample.fp32),
        inferences,
        report(1),
      ),
    };
    let at = 0;
    for (const [i, sample] of samples.entries()) {
      const part = (side: 'int8' | 'fp32') =>
        builds[side].outputs.map((port, k) => {
          const bytes = outputs[side][k].subarray(at * port.bytes, (at + sample.inferences) * port.bytes);
          return decode(fromBytes(port.dtype, bytes), port);
        });
      evaluation.add({
        ...{ index: first + i, inferences: sample.inferences, real: sample.real },
        inputs: { int8: sample.int8, fp32: sample.fp32 },
        outputs: { int8: part('int8'), fp32: part('fp32') },
      });
      at += sample.inferences;
    }
    first += samples.length;
  }
  const { reference, ...figures } = evaluation.finish();
  return { ...figures, fp32Target: builds.fp32.target.name, evidence: { ...inputs.finish(), ...reference } };
}

const buildOf = ({ image, build }: Runnable): Build => image.builds[build];

/** Every inference starts from a fresh state. The result: for each output, all inferences one after another. */
async function run(
  { device, image, build }: Runnable,
  inputs: readonly (readonly Uint8Array[])[],
  samples: number,
  onProgress: (done: number) => void,
): Promise<readonly Uint8Array[]> {
  const job: Job = {
    ...{ build, samples, reset: true },
    inputs: image.builds[build].inputs.map((_, k) => concat(inputs.map((sample) => sample[k]))),
  };
  const [{ outputs }] = await device.run(image, [job], { onProgress });
  return outputs;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = allocate(
    'uint8',
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
