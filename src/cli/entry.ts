import { Option } from 'commander';
import { MAX_THREADS } from '../compiler/compile.ts';
import { InputError } from '../errors.ts';
import { PROFILES } from '../model/arithmetic/multiplier.ts';
import { bindInputs } from '../model/ir/bind.ts';
import type { Model } from '../model/ir/graph.ts';
import { enterSignature } from '../model/ir/signature.ts';
import { allocate, type TensorData } from '../model/tensor/dtype.ts';
import { parseNpy } from '../model/tensor/npy.ts';
import { elements, showShape } from '../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../model/tensor/tensor.ts';
import { importModel } from '../model/tflite/importer.ts';
import { readModelFile } from './input_file.ts';

/** Options that commands share which take a model. */
export const profileOption = (): Option =>
  new Option('--profile <name>', 'the integer rounding (docs/arithmetic.md)').choices([...PROFILES]).default('tflite');
export const threadsOption = (): Option =>
  new Option('--threads <count>', 'cut heavy operators into so many parts for threads')
    .argParser((text: string) => {
      if (!/^[1-9]\d?$/.test(text) || Number(text) > MAX_THREADS)
        throw new InputError(`--threads ${text}: give a number from 1 to ${MAX_THREADS}`);
      return Number(text);
    })
    .default(1);
export const signatureOption = (): Option =>
  new Option('--signature <name>', 'which of the model’s signatures to take; its main graph without');
export const bindOption = (): Option =>
  new Option('--bind <name=value>', 'make the model for one value of an input: numbers with commas, or a .npy file')
    .argParser((value: string, all: readonly string[]) => [...all, value])
    .default([]);

/** The model in a file, as the signature enters it. */
export function loadModel(path: string, signature?: string): Model {
  const model = importModel(readModelFile(path), path);
  return signature === undefined ? model : enterSignature(model, signature);
}

/** The model made for the values that arguments of the form NAME=VALUE give to inputs. */
export function bindArguments(model: Model, args: readonly string[]): Model {
  const [graph, ...others] = model.subgraphs;
  const values = new Map<TensorId, TensorData>();
  for (const arg of args) {
    // Names may hold an equals sign themselves.
    const id = graph.inputs.find((input) => arg.startsWith(`${graph.tensors[input].name}=`));
    if (id === undefined)
      throw new InputError(
        `--bind ${arg} names no input of the model; it has ${graph.inputs.map((i) => graph.tensors[i].name).join(', ')}`,
      );
    values.set(id, parseValue(graph.tensors[id], arg.slice(graph.tensors[id].name.length + 1)));
  }
  return { ...model, subgraphs: [bindInputs(graph, values), ...others] };
}

function parseValue(t: Tensor, text: string): TensorData {
  const needs = `input "${t.name}" takes ${t.dtype} ${showShape(t.shape)}`;
  if (/\.npy$/i.test(text)) {
    const { dtype, data } = parseNpy(readModelFile(text), text);
    if (dtype !== t.dtype || data.length !== elements(t.shape)) throw new InputError(`--bind: ${text}: ${needs}`);
    return data;
  }
  const words = text.split(',').map((word) => word.trim());
  const data = allocate(t.dtype, elements(t.shape));
  if (words.length !== data.length || words.some((word) => word === '' || !Number.isFinite(Number(word))))
    throw new InputError(`--bind ${t.name}=${text}: ${needs}`);
  const exact = data instanceof BigInt64Array || data instanceof BigUint64Array;
  words.forEach((word, i) => {
    if (exact && !/^-?\d+$/.test(word)) throw new InputError(`--bind ${t.name}=${text}: ${needs}`);
    data[i] = exact ? BigInt(word) : Number(word);
    if (!exact && t.dtype !== 'float32' && Number(data[i]) !== Number(word))
      throw new InputError(`--bind ${t.name}=${text}: ${word} is no ${t.dtype}`);
  });
  return data;
}
