import type { Port } from '../../compiler/build.ts';
import { floatTwin } from '../../compiler/passes/float_twin.ts';
import { InputError } from '../../errors.ts';
import type { Model } from '../../model/ir/graph.ts';
import { enterSignature } from '../../model/ir/signature.ts';
import { isReal } from '../../model/tensor/dtype.ts';
import { type Shape, showShape } from '../../model/tensor/shape.ts';
import { importModel } from '../../model/tflite/importer.ts';
import type { ModelConfig } from '../config/load.ts';
import { type Dataset, openDataset } from '../data/dataset.ts';
import type { Files } from '../data/files.ts';
import { modelPorts } from '../engines/ports.ts';
import { type Metric, makeMetric } from '../metrics/index.ts';
import { type BySide, mapSides } from '../sides.ts';
import { checkDistinct, checkForms } from './forms.ts';

/** An INT8 model, its FP32 partner, and the samples to judge them by: all that is known before anything is compiled. */
export interface ModelPair {
  readonly config: ModelConfig;
  readonly models: BySide<Model>;
  /** Whether FP32 is the INT8 model's dequantized twin, because the configuration names no FP32 model. */
  readonly twin: boolean;
  /** What a reader should know about the two models. */
  readonly notes: readonly string[];
  readonly dataset: Dataset;
  readonly metric: Metric;
}

/**
 * Reads the models and opens the data of one entry of the configuration.
 * @throws InputError that names the entry, where a file is missing or damaged, the partners differ in inputs or
 * outputs, or data, labels and metric do not fit the model
 */
export function openPair(config: ModelConfig, files: Files): ModelPair {
  try {
    const read = (file: string): Model => {
      const model = importModel(files.read(file), file);
      return config.signature === undefined ? model : enterSignature(model, config.signature);
    };
    const int8 = read(config.int8);
    checkReal(int8);
    const partner = config.fp32 === undefined ? null : read(config.fp32);
    if (config.fp32 !== undefined) checkDistinct(config.int8, config.fp32, files);
    const notes = checkForms(
      { path: config.int8, model: int8 },
      partner === null ? null : { path: config.fp32!, model: partner },
    );
    if (partner !== null) checkReal(partner);
    const fp32 = partner ?? floatTwin(int8);
    checkPartners(config, int8, fp32);
    const models = { int8, fp32 };
    const inputs = mapSides(models, (model) => modelPorts(model, 'inputs'));
    const dataset = openDataset(config.data, inputs, files);
    const metric = makeMetric({
      ...{ name: config.metric, score: config.score, labels: dataset.labels },
      ...{ inputs: inputs.int8, outputs: modelPorts(int8, 'outputs') },
    });
    return { config, models, twin: partner === null, notes, dataset, metric };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${config.name}: ${error.message}`, { cause: error, at: error.at ?? config.at });
  }
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
  const core = (shape: Shape) => shape.filter((extent) => extent !== 1).join();
  for (const which of ['inputs', 'outputs'] as const) {
    const [a, b] = [modelPorts(int8, which), modelPorts(fp32, which)];
    if (a.length === b.length && a.every((port, i) => core(port.shape) === core(b[i].shape))) continue;
    const list = (all: readonly Port[]) => all.map((port) => `"${port.name}" ${showShape(port.shape)}`).join(', ');
    throw new InputError(
      `${config.fp32}: has the ${which} ${list(b)}, but the INT8 model ${config.int8} has ${list(a)}; fp32 must be the same network, or be left out`,
    );
  }
}
