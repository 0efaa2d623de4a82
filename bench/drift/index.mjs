// Damages one layer of healthy models and sees whether drift names it first: npm run bench:drift -- --help; docs/drift.md.
import { Command } from 'commander';
import { floatTwin } from '../../build/js/compiler/passes/float_twin.js';
import { measureDrift } from '../../build/js/gate/drift/index.js';
import { importModel } from '../../build/js/model/tflite/importer.js';
import { writeModel } from '../../build/js/model/tflite/writer.js';
import { DAMAGES, damage, isWeighted } from './damage.mjs';
import { datasetOf, listPairs } from './pairs.mjs';

const options = new Command('npm run bench:drift --')
  .description('damages one layer of a healthy model and looks whether drift names it first')
  .option('--seed <n>', 'other layers and damages', '1')
  .option('--count <n>', 'damages for each model; 0: one at the beginning, middle and end of four models', '0')
  .option('--models <names>', 'with commas')
  .option('--samples <n>', 'samples of each drift', '8')
  .option('--least <dB>', 'a damage that leaves more than this much less SQNR at the output is none', '3')
  .parse()
  .opts();

/** mulberry32 */
function randomOf(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(Number(options.seed));
const samples = Number(options.samples);
const kinds = Object.keys(DAMAGES);
const show = (x) => (x === null ? '–' : x.toFixed(1));
const outputOf = (drift) => drift.layers.reduce((a, b) => (b.node > a.node ? b : a)).inherited;
let [hits, tried, harmless, accusedHealthy] = [0, 0, 0, 0];

for (const pair of listPairs(options.models?.split(','))) {
  const data = datasetOf(pair, pair.int8);
  const healthy = {};
  for (const [name, fp32, twin] of [
    ['FP32', pair.fp32, false],
    ['twin', floatTwin(pair.int8), true],
  ]) {
    const drift = await measureDrift({ int8: pair.int8, fp32, twin, dataset: data, samples });
    healthy[name] = outputOf(drift);
    accusedHealthy += drift.accused.length;
    console.log(
      `${pair.name}, healthy, beside ${name}: ${drift.accused.length} accused ${drift.accused.map((x) => `${x.label}: ${x.reason}`).join('; ')}`,
    );
  }
  const nodes = pair.int8.subgraphs[0].nodes.flatMap((node, i) => (isWeighted(node) ? [i] : []));
  const whole = Number(options.count);
  const wanted = whole > 0 ? whole : 3;
  for (let n = 0, attempts = 0; n < wanted && attempts < 5 * wanted; attempts++) {
    const third = whole > 0 ? random() : (n + random()) / 3;
    const index = nodes[Math.min(nodes.length - 1, Math.floor(nodes.length * third))];
    const kind = kinds[Math.floor(random() * kinds.length)];
    const made = damage(pair.int8, index, kind, random(), random);
    if (made === null) continue;
    let damaged;
    try {
      damaged = importModel(writeModel(made), `${pair.name}, damaged`);
    } catch {
      continue;
    }
    const drift = await measureDrift({
      int8: damaged,
      fp32: pair.fp32,
      twin: false,
      dataset: datasetOf(pair, damaged),
      samples,
    });
    const left = outputOf(drift);
    if (left !== null && healthy.FP32 - left < Number(options.least)) {
      harmless++;
      continue;
    }
    n++;
    tried++;
    const [first] = drift.accused;
    const hit = first?.node === index;
    if (hit) hits++;
    console.log(
      `${hit ? 'hit ' : 'MISS'} ${pair.name.padEnd(16)} ${kind.padEnd(12)} #${index} → ${first === undefined ? 'nobody' : `#${first.node} ${first.kind}: ${first.reason}`} (output ${show(healthy.FP32)} → ${show(left)} dB)`,
    );
  }
}
console.log(
  `${hits} of ${tried} named first; ${harmless} damages that cost nothing left out; healthy models: ${accusedHealthy} layers accused`,
);
