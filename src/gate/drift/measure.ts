import { parseTarget } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Graph, Model } from '../../model/ir/graph.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import type { Dataset } from '../data/dataset.ts';
import { decode } from '../data/encode.ts';
import { buildEngine } from '../engines/build.ts';
import { type Engine, type Fault, type Runner, runnerOrThrow } from '../engines/engine.ts';
import { modelPorts } from '../engines/ports.ts';
import { inferencesOf } from '../engines/stream.ts';
import type { Drift } from '../figures/drift.ts';
import { cutModel, expose, type Opened } from './cut.ts';
import { joinGraphs } from './join.ts';
import { judgeDrift } from './judge.ts';
import { addSeen, startTally, type Tally } from './tally.ts';

/** Samples that a check looks at. */
export const DRIFT_SAMPLES = 32;
/** Windows of one sample. */
const MOST_WINDOWS = 8;
/** Inputs and outputs of one round trip to the device, in bytes. */
const CHUNK_BYTES = 128 << 20;

export interface DriftRequest {
  readonly int8: Model;
  readonly fp32: Model;
  readonly twin: boolean;
  readonly profile?: Profile;
  readonly dataset: Dataset;
  /** Most samples, spread over the data. */
  readonly samples?: number;
  /** What runs the three programs: builds for this machine when absent. */
  readonly engine?: Engine;
  /** Called with the share that is done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Layer by layer, INT8 beside FP32, on builds for this machine. Three programs run: INT8 and FP32 with every joined tensor as an
 * output, and FP32 cut at these tensors, each piece fed what INT8 had. Memory is bounded by a round trip, not by the samples.
 *
 * @throws InputError where nothing in the two graphs can be joined
 */
export async function measureDrift(request: DriftRequest): Promise<Drift> {
  const { int8, fp32, dataset, samples = DRIFT_SAMPLES, onProgress = () => {} } = request;
  const [a, b] = [int8.subgraphs[0], fp32.subgraphs[0]];
  const join = joinGraphs(a, b);
  if (join.tensors.every(({ node }) => node === null))
    throw new InputError(
      `${int8.name}: no operator corresponds to one of ${fp32.name}, so that nothing can be compared by layer; fp32 must be the network that was quantized`,
    );
  const opened: Programs = {
    int8: expose(
      int8,
      join.tensors.map((t) => t.int8),
    ),
    fp32: expose(
      fp32,
      join.tensors.map((t) => t.fp32),
    ),
    cut: cutModel(fp32, join.tensors),
  };
  const runners = await prepare(opened, request);
  const tallies = join.tensors.map((t) => startTally(a.tensors[t.int8]));
  const chosen = spread(dataset.size, samples);
  let inferences = 0;
  for (const [done, index] of chosen.entries()) {
    const sample = dataset.load(index);
    const windows = spread(sample.inferences, MOST_WINDOWS);
    const of = (side: 'int8' | 'fp32') => {
      const all = inferencesOf(sample, side, modelPorts(request[side], 'inputs'));
      return windows.map((w) => all[w]);
    };
    const [quantized, real] = [of('int8'), of('fp32')];
    const at = Math.max(1, Math.floor(CHUNK_BYTES / bytesOf(runners)));
    for (let first = 0; first < windows.length; first += at) {
      const part = <T>(list: readonly T[]) => list.slice(first, first + at);
      await addChunk({ a, join, opened, runners, tallies }, part(quantized), part(real));
    }
    inferences += windows.length;
    onProgress((done + 1) / chosen.length);
  }
  return {
    ...{ samples: chosen.length, inferences, twin: request.twin },
    ...judgeDrift(a, b, join, tallies, request.twin),
  };
}

interface Programs {
  readonly int8: Opened;
  readonly fp32: Opened;
  readonly cut: Opened;
}
type Runners = { readonly [K in keyof Programs]: Runner };

async function prepare(
  opened: Programs,
  { profile, engine = buildEngine(parseTarget('host')) }: DriftRequest,
): Promise<Runners> {
  const sides = ['int8', 'fp32', 'cut'] as const;
  const sources = sides.map((side) => ({
    ...{ model: opened[side].model, name: `drift ${side}`, symbol: `drift_${side}` },
    ...(side === 'int8' && profile !== undefined && { profile }),
  }));
  const prepared: (Runner | Fault)[] = [];
  for (let i = 0; i < sources.length; i += engine.batch)
    prepared.push(...(await engine.prepare(sources.slice(i, i + engine.batch))));
  const [int8, fp32, cut] = prepared.map(runnerOrThrow);
  return { int8, fp32, cut };
}

const bytesOf = (runners: Runners): number =>
  Object.values(runners).reduce(
    (sum, { inputs, outputs }) => sum + [...inputs, ...outputs].reduce((n, { bytes }) => n + bytes, 0),
    0,
  );

interface Work {
  readonly a: Graph;
  readonly join: ReturnType<typeof joinGraphs>;
  readonly opened: Programs;
  readonly runners: Runners;
  readonly tallies: readonly Tally[];
}

/** Runs a few inferences through the three programs and adds what they gave. */
async function addChunk(
  { a, join, opened, runners, tallies }: Work,
  quantized: readonly (readonly TensorData[])[],
  real: readonly (readonly TensorData[])[],
): Promise<void> {
  const ours = named(opened.int8, quantized, await runners.int8.run(quantized));
  const theirs = named(opened.fp32, real, await runners.fp32.run(real));
  const values = ours.map((tensors) => join.tensors.map(({ int8 }) => realsOf(tensors.get(int8)!, a.tensors[int8])));
  const position = new Map(join.tensors.map(({ fp32 }, i) => [fp32, i]));
  const pieces = values.map((list, n) =>
    opened.cut.inputs.map((id) => {
      const i = position.get(id);
      return i === undefined ? theirs[n].get(id)! : list[i];
    }),
  );
  const made = named(opened.cut, [], await runners.cut.run(pieces));
  for (const [n, list] of values.entries())
    for (const [i, { int8, fp32 }] of join.tensors.entries()) {
      const own = theirs[n].get(fp32) as Float32Array;
      const seen = { codes: ours[n].get(int8)!, real: list[i], own, made: (made[n].get(fp32) ?? own) as Float32Array };
      addSeen(tallies[i], a.tensors[int8], seen);
    }
}

/** By tensor, what each inference took and gave. */
const named = (
  { inputs, outputs }: Opened,
  given: readonly (readonly TensorData[])[],
  results: readonly (readonly TensorData[])[],
): ReadonlyMap<TensorId, TensorData>[] =>
  results.map(
    (tensors, n) =>
      new Map([
        ...(given.length === 0 ? [] : inputs.map((id, i) => [id, given[n][i]] as const)),
        ...outputs.map((id, i) => [id, tensors[i]] as const),
      ]),
  );

/** In real units; a loop of its own for the usual case, because a network has millions of activations. */
function realsOf(data: TensorData, { name, dtype, shape, quantization }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Int8Array && quantization?.scales.length === 1) {
    const [scale, zero] = [quantization.scales[0], quantization.zeroPoints[0]];
    const out = new Float32Array(data.length);
    for (let i = 0; i < out.length; i++) out[i] = scale * (data[i] - zero);
    return out;
  }
  return decode(data, { name, dtype, shape, quantization, bytes: elements(shape) * data.BYTES_PER_ELEMENT });
}

/** At most `most` of `count` indices, evenly spread. */
const spread = (count: number, most: number): number[] =>
  count <= most
    ? Array.from({ length: count }, (_, i) => i)
    : Array.from({ length: most }, (_, i) => Math.floor((i * count) / most));
