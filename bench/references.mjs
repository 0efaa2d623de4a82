// LiteRT against our build, for each integer model: how many output values differ, why, and the seconds that the comparison
// adds to a check. Models and data of ../shared where that stands beside the project, else the examples.
//
//   npm run bench:references -- [MODEL.tflite…]
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseTarget } from '../build/js/compiler/targets/index.js';
import { projectRoot } from '../build/js/compiler/toolchain/index.js';
import { formOf } from '../build/js/gate/check/forms.js';
import { openDataset } from '../build/js/gate/data/dataset.js';
import { openFiles } from '../build/js/gate/data/files.js';
import { buildEngine } from '../build/js/gate/engines/build.js';
import { runnerOrThrow } from '../build/js/gate/engines/engine.js';
import { modelPorts } from '../build/js/gate/engines/ports.js';
import { inferencesOf } from '../build/js/gate/engines/stream.js';
import { REFERENCES } from '../build/js/gate/references/index.js';
import { runReference } from '../build/js/gate/references/run.js';
import { allocate, integerRange, isFloat } from '../build/js/model/tensor/dtype.js';
import { elements } from '../build/js/model/tensor/shape.js';
import { importModel } from '../build/js/model/tflite/importer.js';
import { spread } from '../build/js/runtime/timing/index.js';

const root = projectRoot();
const shared = join(root, '..', 'shared');
const images = { inputs: 'imagenet/*.JPEG', preprocess: { crop: 0.875, resize: 'pillow', mean: 127.5, std: 127.5 } };
/** The data of models that have some, below ../shared/data or examples. */
const DATA = {
  kws_ref_model: { inputs: 'kws01/*.bin' },
  pretrainedResnet_quant: { inputs: 'ic01/*.bin', dtype: 'uint8' },
  ad01_int8: { inputs: 'ad01/*.bin', labels: 'ad01/y_labels.csv' },
  'mobilenet_v1_0.25_224_keras_int8_ptq': images,
  'mobilenet_v1_0.25_224_quant': images,
  'mobilenet_v1_1.0_224_quant': images,
  'tf2_mobilenet_v2_1.0_224_ptq': images,
  shapes_int8: { inputs: 'shapes/data/*.png' },
  tones_int8: { inputs: 'tones/data/*.bin', dtype: 'float32' },
};
const SAMPLES = 8;
/** Windows of a record. */
const WINDOWS = 4;

/** Inputs that wander over the range of their type: neighbours are alike, as in pictures and spectra. The same in every run. */
function wandering(ports) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  return Array.from({ length: SAMPLES }, () => [
    ports.map(({ dtype, shape }) => {
      const data = allocate(dtype, elements(shape));
      const [low, high] = isFloat(dtype) ? [0, 1] : integerRange(dtype);
      let x = (low + high) / 2;
      for (let i = 0; i < data.length; i++) {
        x = Math.min(high, Math.max(low, x + (random() - 0.5) * 0.12 * (high - low)));
        data[i] = isFloat(dtype) ? x : Math.round(x);
      }
      return data;
    }),
  ]);
}

function samplesOf(name, ports) {
  const config = DATA[name];
  const folder = existsSync(join(shared, 'data')) && config !== undefined ? join(shared, 'data') : null;
  const from = folder ?? join(root, 'examples');
  if (config === undefined || !existsSync(join(from, config.inputs.split('/')[0]))) return ['made', wandering(ports)];
  const dataset = openDataset(config, { int8: ports, fp32: ports }, openFiles(from));
  const samples = spread([...Array(dataset.size).keys()], SAMPLES).map((index) =>
    spread(inferencesOf(dataset.load(index), 'int8', ports), WINDOWS),
  );
  return [config.inputs.split('/')[0], samples];
}

const folder = existsSync(join(shared, 'models')) ? join(shared, 'models') : null;
const known = folder
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tflite'))
      .sort()
      .map((file) => join(folder, file))
  : [];
const examples = ['shapes', 'tones'].map((name) => join(root, 'examples', name, `${name}_int8.tflite`));
const asked = process.argv.slice(2);

console.log(
  '| model | data | samples | differing values | largest, steps | seconds | why |\n|---|---|---|---|---|---|---|',
);
for (const file of asked.length > 0 ? asked : [...examples, ...known]) {
  const name = basename(file, '.tflite');
  const bytes = readFileSync(file);
  const model = importModel(bytes, file);
  if (formOf(model) !== 'integer') continue;
  const [runner] = await buildEngine(parseTarget('host')).prepare([{ model, name, symbol: 'int8' }]);
  const [data, samples] = samplesOf(name, modelPorts(model, 'inputs'));
  const build = runnerOrThrow(runner);
  const {
    fault,
    explanation,
    differing,
    values,
    largest,
    seconds,
    samples: count,
  } = await runReference('litert', REFERENCES.litert, { model, file: bytes, profile: 'tflite', build, samples });
  const figures = fault === null ? [count, `${differing} of ${values}`, largest] : ['-', '-', '-'];
  console.log(`| ${[name, data, ...figures, seconds.toFixed(1), fault ?? explanation ?? ''].join(' | ')} |`);
}
