// Every model on every CPU, INT8 and FP32: cycles, shares of the peak, ratios to other libraries, sizes, and how long the
// gate itself takes. npm run bench -- --help; see docs/bench.md.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { measurePair, openPair } from './measure.mjs';
import { listModels } from './models.mjs';
import { printCpu, printTimes } from './print.mjs';
import { timeStages } from './times.mjs';

const options = new Command('npm run bench --')
  .description('modelled cycles, sizes and ratios of models, INT8 beside FP32, and how long the gate itself takes')
  .option('--models <names>', 'names of known models or .tflite files, with commas (default: all that are known)')
  .option('--cpus <names>', 'with commas', 'cortex-a53,cortex-a72,neoverse-n1,neoverse-n2,neoverse-v2')
  .option('--no-times', 'leave out how long the gate takes')
  .option('--json <file>', 'write all figures there, too')
  .parse()
  .opts();
const list = (text) => text?.split(',').filter(Boolean);
const cpus = list(options.cpus);
const models = listModels(list(options.models));
const progress = (text) => process.stderr.write(`${text}\n`);

const times = [];
if (options.times) {
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
