import type { Port } from '../../../compiler/build.ts';
import { EnvironmentError, InputError } from '../../../errors.ts';
import type { Model } from '../../../model/ir/graph.ts';
import { allocate, itemSize, type TensorData } from '../../../model/tensor/dtype.ts';
import { elements, type Shape, showShape } from '../../../model/tensor/shape.ts';
import type { Fp32Options } from '../../config/fp32_schema.ts';
import type { Files } from '../../data/files.ts';
import type { Fp32Kind } from '../../data/fp32.ts';
import type { ForeignRunner, Tensors } from '../engine.ts';
import { modelPorts } from '../ports.ts';
import { type Child, ChildFault, childProgram, startChild } from './child.ts';
import { readTfjsModel } from './manifest.ts';
import { type ForeignPort, type Match, matchPorts } from './match.ts';
import { openedSchema, type Results, resultsSchema } from './protocol.ts';
import { findTfjsNode, readSavedModel } from './saved_model.ts';

/** Loading a model, the libraries included, and one inference of it. */
const OPEN_MS = 180_000;
/** Some inferences of a network that runs on a device take milliseconds: what takes this long does not end. */
const RUN_MS = 180_000;
/** Inferences of one request, and their input bytes. */
const BATCH = 64;
const BATCH_BYTES = 16 << 20;

/** What a foreign model is opened with. */
export interface ForeignSource {
  readonly path: string;
  readonly kind: Exclude<Fp32Kind, 'tflite'>;
  readonly options: Fp32Options;
  /** The INT8 model, whose inputs and outputs the foreign one is fitted to. */
  readonly int8: Model;
}

/**
 * Opens a TF.js model or a SavedModel as the partner of an INT8 model: its runner takes INT8's inputs as real numbers, in
 * INT8's order and layout, and gives INT8's outputs so.
 *
 * @throws InputError where the model is damaged or does not fit; EnvironmentError where tfjs-node is missing
 */
export async function openForeign(source: ForeignSource, files: Files): Promise<ForeignRunner> {
  const { path, kind } = source;
  const { request, engine, digest } =
    kind === 'saved-model' ? await savedModelRequest(source, files) : tfjsRequest(source, files);
  const child = startChild();
  try {
    const { inputs, outputs, version } = openedSchema.parse(await asked(child, 'open', request, OPEN_MS, path));
    return await fitted(source, child, { inputs, outputs, engine: `${engine} ${version}`, digest });
  } catch (error) {
    child.stop();
    throw error;
  }
}

interface Request {
  readonly request: object;
  /** `tfjs-wasm` or `tfjs-node`. */
  readonly engine: string;
  readonly digest: string;
}

function tfjsRequest({ path, options }: ForeignSource, files: Files): Request {
  if (options.signature !== undefined)
    throw new InputError(`${path}: a TF.js model has no signatures to choose from; leave "signature" out`);
  const { kind, artifacts, digest } = readTfjsModel(path, files);
  return { request: { kind, artifacts, wasm: childProgram().wasm }, engine: 'tfjs-wasm', digest };
}

async function savedModelRequest({ path, options }: ForeignSource, files: Files): Promise<Request> {
  const { folder, digest } = await readSavedModel(files.locate(path), path);
  const library = findTfjsNode(files.locate('.'), path);
  const { signature } = options;
  return { request: { kind: 'saved-model', library, folder, signature }, engine: 'tfjs-node', digest };
}

interface Opened {
  readonly inputs: readonly ForeignPort[];
  readonly outputs: readonly ForeignPort[];
  readonly engine: string;
  readonly digest: string;
}

/** TF.js's name of a dtype that real numbers can be given as. */
const FED: Readonly<Record<string, 'float32' | 'int32'>> = { float32: 'float32', int32: 'int32' };

async function fitted({ path, int8, options }: ForeignSource, child: Child, opened: Opened): Promise<ForeignRunner> {
  const own = { inputs: modelPorts(int8, 'inputs'), outputs: modelPorts(int8, 'outputs') };
  const inputs = matchPorts('inputs', own.inputs, opened.inputs, options, path);
  const ports = own.inputs.map((port, i) => realPort(port, dtypeOf(opened.inputs[inputs[i].index], path)));
  const feed = (tensors: Tensors) =>
    opened.inputs.map((_, k) => {
      const i = inputs.findIndex(({ index }) => index === k);
      const { shape, channelsFirst } = inputs[i];
      const data = channelsFirst ? toChannelsFirst(tensors[i], ports[i].shape) : tensors[i];
      return { data, shape, dtype: ports[i].dtype };
    });
  const run = async (all: readonly Tensors[]): Promise<Results> =>
    resultsSchema.parse(await asked(child, 'run', { inferences: all.map(feed) }, RUN_MS, path));
  // Zeros tell the shapes of outputs that the model leaves open.
  const [probe] = await run([ports.map(({ dtype, shape }) => allocate(dtype, elements(shape)))]);
  const concrete = opened.outputs.map((port, k) => ({ ...port, shape: probe[k]?.shape ?? port.shape }));
  const outputs = matchPorts('outputs', own.outputs, concrete, options, path);
  const outputPorts = own.outputs.map((port) => realPort(port, 'float32'));
  return {
    ...{ engine: opened.engine, inputs: ports, outputs: outputPorts },
    digest: opened.digest,
    identity: JSON.stringify([opened.engine, opened.digest, inputs, outputs]),
    async run(inferences, { keepState = false, records, onProgress } = {}) {
      if (keepState || records !== undefined)
        throw new InputError(
          `${path}: state cannot be carried from one window to the next in a model that ${opened.engine} runs; leave out data.state, or give fp32 as a .tflite`,
        );
      const results: Tensors[] = [];
      const bytes = ports.reduce((sum, port) => sum + port.bytes, 0);
      const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / Math.max(1, bytes))));
      for (let at = 0; at < inferences.length; at += batch) {
        const part = await run(inferences.slice(at, at + batch));
        results.push(
          ...part.map((found) => outputs.map((match, k) => asOwn(found[match.index], match, outputPorts[k], path))),
        );
        onProgress?.(results.length);
      }
      return results;
    },
  };
}

function dtypeOf({ names, dtype }: ForeignPort, path: string): 'float32' | 'int32' {
  const fed = FED[dtype];
  if (fed !== undefined) return fed;
  throw new InputError(`${path}: the input "${names[0]}" is ${dtype}, and only float32 and int32 can be fed`);
}

/** INT8's port with real numbers in it. */
const realPort = ({ name, shape }: Port, dtype: 'float32' | 'int32'): Port => ({
  ...{ name, shape, dtype, quantization: null },
  bytes: elements(shape) * itemSize(dtype),
});

/** A foreign output as INT8's is laid out. */
function asOwn(found: Results[number][number] | undefined, match: Match, port: Port, path: string): Float32Array {
  if (found === undefined || found.data.length !== elements(port.shape))
    throw new InputError(
      `${path}: gave ${showShape(found?.shape ?? [])} for the output "${port.name}", whose shape is ${showShape(port.shape)}`,
    );
  const data = Float32Array.from(found.data as Float32Array);
  return match.channelsFirst ? (toChannelsLast(data, port.shape) as Float32Array) : data;
}

type Values = Float32Array;

/** NHWC, which `shape` names, to NCHW. */
function toChannelsFirst(values: TensorData, [n, h, w, c]: Shape): TensorData {
  const data = values as Values;
  const out = data.slice();
  for (let b = 0, at = 0; b < n; b++)
    for (let i = 0; i < h * w; i++) for (let k = 0; k < c; k++) out[(b * c + k) * h * w + i] = data[at++];
  return out;
}

/** NCHW to NHWC, which `shape` names. */
function toChannelsLast(values: TensorData, [n, h, w, c]: Shape): TensorData {
  const data = values as Values;
  const out = data.slice();
  for (let b = 0, at = 0; b < n; b++)
    for (let i = 0; i < h * w; i++) for (let k = 0; k < c; k++) out[at++] = data[(b * c + k) * h * w + i];
  return out;
}

async function asked(
  child: Child,
  verb: 'open' | 'run',
  request: object,
  limitMs: number,
  path: string,
): Promise<unknown> {
  try {
    return await child.ask(verb, request, limitMs);
  } catch (error) {
    if (!(error instanceof ChildFault)) throw error;
    const [line] = error.message.split('\n');
    // The library itself is at fault where it cannot even be loaded.
    if (/ERR_DLOPEN_FAILED|Cannot find module|tfjs_binding|WASM backend/.test(error.message))
      throw new EnvironmentError(`${path}: the library that runs it does not start: ${line}. Install it again.`, {
        cause: error,
      });
    const remedy = verb === 'open' ? '; unless that says what to do, export or convert the model again' : '';
    throw new InputError(`${path}: cannot be ${verb === 'open' ? 'loaded' : 'run'}: ${line}${remedy}`, {
      cause: error,
    });
  }
}
