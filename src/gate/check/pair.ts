import type { Port } from '../../compiler/build.ts';
import { floatTwin } from '../../compiler/passes/float_twin.ts';
import { InputError } from '../../errors.ts';
import type { Model } from '../../model/ir/graph.ts';
import { enterSignature } from '../../model/ir/signature.ts';
import { isReal } from '../../model/tensor/dtype.ts';
import { type Shape, showShape } from '../../model/tensor/shape.ts';
import { importModel } from '../../model/tflite/importer.ts';
import type { BaseModel } from '../baseline/index.ts';
import type { ModelConfig } from '../config/load.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import { digestData } from '../data/digest.ts';
import type { Files } from '../data/files.ts';
import { fp32KindOf } from '../data/fp32.ts';
import type { ForeignRunner } from '../engines/engine.ts';
import { modelPorts } from '../engines/ports.ts';
import { openForeign } from '../engines/tfjs/index.ts';
import { type Metric, makeMetric, metricNamed } from '../metrics/index.ts';
import { type BySide, mapSides } from '../sides.ts';
import { checkDistinct, checkForms } from './forms.ts';

/** An INT8 model, its FP32 partner, and the samples to judge them by: all that is known before anything is compiled. */
export interface ModelPair {
  readonly config: ModelConfig;
  readonly models: BySide<Model>;
  /** Whether FP32 is the INT8 model's dequantized twin, because the configuration names no FP32 model. */
  readonly twin: boolean;
  /** What runs FP32 where it is no .tflite; `models.fp32` is then the twin, for speed. null: FP32 is compiled. */
  readonly foreign: ForeignRunner | null;
  /** What a reader should know about the two models. */
  readonly notes: readonly string[];
  readonly dataset: Dataset;
  readonly metric: Metric;
  /** SHA-256 of the samples and of how they are read and scored. */
  readonly dataDigest: string;
  /** What the INT8 model was at the baseline; null where nothing is compared with. */
  readonly base: BaseModel | null;
}

/**
 * Reads the models and opens the data of one entry of the configuration.
 * A model of the baseline that does not fit takes no part, and is said to be unknown.
 * @throws InputError that names the entry, where a file is missing or damaged, the partners differ in inputs or
 * outputs, or data, labels and metric do not fit the model
 */
export function openPair(
  config: ModelConfig,
  files: Files,
  given: BaseModel | null = null,
  foreign: ForeignRunner | InputError | null = null,
): ModelPair {
  try {
    if (foreign instanceof InputError) throw foreign;
    const int8 = readModel(config.int8, config.signature, files);
    checkReal(int8);
    const partner = foreign === null ? readPartner(config, files) : null;
    const notes = checkForms(
      { path: config.int8, model: int8 },
      partner === null ? null : { path: config.fp32!, model: partner },
    );
    if (partner !== null) checkReal(partner);
    const fp32 = partner ?? floatTwin(int8);
    checkPartners(config, int8, fp32);
    const base = fitting(given, int8);
    const models = { int8, fp32, ...(base?.status === 'changed' && { base: base.model }) };
    const ports = mapSides(models, (model) => modelPorts(model, 'inputs'));
    const inputs = foreign === null ? ports : { ...ports, fp32: foreign.inputs };
    const dataset = openDataset(config.data, inputs, files, metricNamed(config.metric)?.labels);
    const metric = makeMetric({
      ...{ name: config.metric, score: config.score, settings: config.metricOptions, labels: dataset.labels },
      ...{ inputs: inputs.int8, outputs: modelPorts(int8, 'outputs'), windows: config.data.windows },
    });
    return {
      config,
      models,
      twin: partner === null && foreign === null,
      foreign,
      notes,
      dataset,
      metric,
      base,
      dataDigest: digestData(config, files),
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${config.name}: ${error.message}`, { cause: error, at: error.at ?? config.at });
  }
}

function readModel(file: string, signature: string | undefined, files: Files): Model {
  const model = importModel(files.read(file), file);
  return signature === undefined ? model : enterSignature(model, signature);
}

/** The FP32 .tflite; null where the configuration names none. */
function readPartner({ int8, fp32, signature, fp32Options }: ModelConfig, files: Files): Model | null {
  if (fp32 === undefined) return null;
  if (fp32KindOf(fp32, files) !== 'tflite')
    throw new InputError(
      `fp32: ${fp32} is no .tflite, and this compares models that are compiled; give one, or leave fp32 out`,
    );
  const odd = Object.entries(fp32Options).find(([key, value]) => key !== 'signature' && value !== undefined);
  if (odd !== undefined)
    throw new InputError(`fp32.${odd[0]} is for SavedModels and TF.js models, and ${fp32} is a .tflite; leave it out`);
  checkDistinct(int8, fp32, files);
  return readModel(fp32, fp32Options.signature ?? signature, files);
}

/**
 * The FP32 models that are no .tflite, opened by the library that runs them, by entry; in place of one that cannot be, why.
 * @throws EnvironmentError where a library is missing
 */
export async function openForeigns(
  entries: readonly ModelConfig[],
  files: Files,
): Promise<ReadonlyMap<ModelConfig, ForeignRunner | InputError>> {
  const opened = new Map<ModelConfig, ForeignRunner | InputError>();
  for (const config of entries) {
    const { fp32: path, fp32Options: options } = config;
    try {
      const kind = path === undefined ? 'tflite' : fp32KindOf(path, files);
      if (path === undefined || kind === 'tflite') continue;
      const int8 = readModel(config.int8, config.signature, files);
      opened.set(config, await openForeign({ path, kind, options, int8 }, files));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      opened.set(config, error);
    }
  }
  return opened;
}

/** @throws InputError where something other than real numbers goes in or comes out */
function checkReal(model: Model): void {
  for (const which of ['inputs', 'outputs'] as const) {
    const odd = modelPorts(model, which).find((port) => !isReal(port.dtype));
    if (odd === undefined) continue;
    throw new InputError(
      `"${odd.name}" among the ${which} is ${odd.dtype}, and only real numbers can be fed and compared: end the model with COMPLEX_ABS or REAL, or compare its values with verify`,
    );
  }
}

/** Inputs and outputs must correspond one to one; extents of 1 and names may differ. */
function checkPartners(config: ModelConfig, int8: Model, fp32: Model): void {
  const odd = difference(int8, fp32);
  if (odd === null) return;
  throw new InputError(
    `${config.fp32}: has the ${odd.which} ${odd.theirs}, but the INT8 model ${config.int8} has ${odd.own}; fp32 must be the same network, or be left out`,
  );
}

/** The model of the baseline, where the same samples fit both. */
function fitting(base: BaseModel | null, int8: Model): BaseModel | null {
  if (base?.status !== 'changed') return base;
  const { name, int8: path } = base;
  const odd = difference(int8, base.model);
  if (odd === null) return base;
  const reason = `the INT8 model at the baseline has the ${odd.which} ${odd.theirs}, and now ${odd.own}: the same samples do not fit both`;
  return { status: 'unknown', name, int8: path, reason };
}

/** Where the inputs or outputs of two models do not correspond; null where all do. */
function difference(model: Model, other: Model) {
  const core = (shape: Shape) => shape.filter((extent) => extent !== 1).join();
  for (const which of ['inputs', 'outputs'] as const) {
    const [a, b] = [modelPorts(model, which), modelPorts(other, which)];
    const fits = (port: Port, i: number) => core(port.shape) === core(b[i].shape) && isReal(b[i].dtype);
    if (a.length === b.length && a.every(fits)) continue;
    const list = (all: readonly Port[]) => all.map((port) => `"${port.name}" ${showShape(port.shape)}`).join(', ');
    return { which, own: list(a), theirs: list(b) };
  }
  return null;
}
