// Which models there are to measure, and what other libraries make of them.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectRoot } from '../build/js/compiler/toolchain/index.js';

/** A folder beside the project with models (models/NAME.tflite) and the figures of other libraries (facts/peers.tsv). */
const SHARED = join(projectRoot(), '..', 'shared');

/** INT8 models and their FP32 counterparts; without one, the INT8 model is dequantized. */
const SHARED_PAIRS = [
  ['kws_ref_model'],
  ['ad01_int8', 'ad01_fp32'],
  ['pretrainedResnet_quant', 'pretrainedResnet'],
  ['vww_96_int8', 'vww_96_float'],
  ['kws_alexa_int8', 'kws_alexa_fp32'],
  ['str_ww_ref_model'],
  ['mobilenet_v1_0.25_224_keras_int8_ptq', 'mobilenet_v1_0.25_224_keras_fp32'],
  ['mobilenet_v1_0.25_224_quant', 'mobilenet_v1_0.25_224_float'],
  ['mobilenet_v1_1.0_224_quant', 'mobilenet_v1_1.0_224_fp32twin'],
  ['tf2_mobilenet_v2_1.0_224_ptq', 'tf2_mobilenet_v2_1.0_224_fp32twin'],
];
const EXAMPLE_PAIRS = [
  ['shapes/shapes_int8', 'shapes/shapes_fp32'],
  ['tones/tones_int8', 'tones/tones_fp32'],
];

/** The models asked for by name or as files, or all: { name, int8, fp32? }. */
export function listModels(wanted) {
  const shared = existsSync(join(SHARED, 'models'));
  const folder = shared ? join(SHARED, 'models') : join(projectRoot(), 'examples');
  const file = (name) => name && join(folder, `${name}.tflite`);
  const known = (shared ? SHARED_PAIRS : EXAMPLE_PAIRS)
    .map(([int8, fp32]) => ({ name: basename(int8), int8: file(int8), fp32: file(fp32) }))
    .filter((model) => existsSync(model.int8));
  return (wanted ?? known.map(({ name }) => name)).map((text) => {
    const found = known.find(({ name }) => name === text);
    if (found) return found;
    if (existsSync(text)) return { name: basename(text, '.tflite'), int8: text };
    throw new Error(`${text} is no file and none of ${known.map(({ name }) => name).join(', ')}`);
  });
}

/** Cycles of the best other INT8 library, and of XNNPACK's FP32, for a model on a CPU; undefined where nobody measured. */
export function peersOf({ int8, fp32 }, cpu) {
  const row = (file) => file && peers().get(`${basename(file, '.tflite')} ${cpu}`);
  return { int8: row(int8)?.best_cycles, fp32: row(fp32)?.xnnpack_cycles };
}

let table;
function peers() {
  if (table) return table;
  table = new Map();
  const file = join(SHARED, 'facts', 'peers.tsv');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const [names, ...rows] = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));
  for (const [model, cpu, ...figures] of rows)
    table.set(`${model} ${cpu}`, Object.fromEntries(figures.map((figure, i) => [names[i + 2], Number(figure)])));
  return table;
}
