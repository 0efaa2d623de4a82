// Healthy pairs with data to look at them by: models and data of a folder beside the project.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../build/js/compiler/toolchain/index.js';
import { openDataset } from '../../build/js/gate/data/dataset.js';
import { openFiles } from '../../build/js/gate/data/files.js';
import { modelPorts } from '../../build/js/gate/engines/ports.js';
import { importModel } from '../../build/js/model/tflite/importer.js';

const SHARED = join(projectRoot(), '..', 'shared');

const IMAGES = {
  inputs: 'data/imagenet/*.JPEG',
  preprocess: { crop: 0.875, resize: 'bilinear', mean: 127.5, std: 127.5 },
};
const DATA = {
  kws: { inputs: 'data/kws01/*.bin', quantized: 'model' },
  ic: { inputs: 'data/ic01/*.bin', dtype: 'uint8' },
  ad: { inputs: 'data/ad01/*.bin', dtype: 'float32', window: { length: 640, step: 128 } },
  images: IMAGES,
};

/** Name, INT8 file, FP32 file, data. */
const PAIRS = [
  ['ds-cnn', 'kws_ref_model', 'kws_ref_model_float32', 'kws'],
  ['resnet', 'pretrainedResnet_quant', 'pretrainedResnet', 'ic'],
  ['autoencoder', 'ad01_int8', 'ad01_fp32', 'ad'],
  ['mobilenet-v1', 'mobilenet_v1_0.25_224_keras_int8_ptq', 'mobilenet_v1_0.25_224_keras_fp32', 'images'],
  ['mobilenet-v1-qat', 'mobilenet_v1_0.25_224_quant', 'mobilenet_v1_0.25_224_float', 'images'],
  ['mobilenet-v2', 'tf2_mobilenet_v2_1.0_224_ptq', 'tf2_mobilenet_v2_1.0_224_fp32twin', 'images'],
];

export function listPairs(wanted) {
  if (!existsSync(join(SHARED, 'models')))
    throw new Error(`${SHARED}: there are no models and data beside the project`);
  return PAIRS.filter(([name]) => wanted === undefined || wanted.includes(name)).map(([name, int8, fp32, data]) => {
    const files = openFiles(SHARED);
    const read = (file) => importModel(files.read(`models/${file}.tflite`), `${file}.tflite`);
    return { name, int8: read(int8), fp32: read(fp32), data: DATA[data], files };
  });
}

/** The data of a pair, for an INT8 model with its inputs. */
export function datasetOf({ data, files, fp32 }, int8) {
  return openDataset(data, { int8: modelPorts(int8, 'inputs'), fp32: modelPorts(fp32, 'inputs') }, files);
}
