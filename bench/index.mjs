// Every model on every CPU, INT8 and FP32: cycles, shares of the peak, ratios to other libraries, sizes, and how long the
// gate itself takes. npm run bench -- [--models NAME|FILE,…] [--cpus CPU,…] [--no-times] [--json FILE]; see docs/bench.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measurePair, openPair } from './measure.mjs';
import { listModels } from './models.mjs';
import { printCpu, printTimes } from './print.mjs';
import { timeStages } from './times.mjs';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string' },
    cpus: { type: 'string', default: 'cortex-a53,cortex-a72,neoverse-n1,neoverse-n2,neoverse-v2' },
    'no-times': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const list = (text) => text?.split(',').filter(Boolean);
const cpus = list(options.cpus);
const models = listModels(list(options.models));
const progress = (text) => process.stderr.write(`${text}\n`);

const times = [];
if (!options['no-times']) {
  for (const model of models) {
    progress(`${model.name}: import, compile and run on ${cpus[0]}, nothing cached`);
    times.push(await timeStages(model, cpus[0]));
  }
}
const pairs = models.map(openPair);
const results = [];
for (const cpu of cpus) {
  for (const pair of pairs) {
    progress(`${pair.name} on ${cpu}`);
    results.push(await measurePair(pair, cpu));
  }
  printCpu(
    cpu,
    results.filter((result) => result.cpu === cpu),
  );
}
printTimes(cpus[0], times);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ results, times }, null, 2)}\n`);
