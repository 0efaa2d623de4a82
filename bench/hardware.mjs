// What the gate says of the speed of unchanged and slowed builds on this machine: npm run bench:hardware -- --help; see docs/bench.md.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { compileModel } from '../build/js/compiler/compile.js';
import { parseTarget } from '../build/js/compiler/targets/index.js';
import { onHardware } from '../build/js/gate/check/speed.js';
import { confirm, judge } from '../build/js/gate/verdict/judge.js';
import { importModel } from '../build/js/model/tflite/importer.js';
import { linkRunner } from '../build/js/runtime/devices/image.js';
import { nativeDevice } from '../build/js/runtime/devices/open.js';
import { measureHardware } from '../build/js/runtime/timing/index.js';

const options = new Command('npm run bench:hardware --')
  .description('checks of min-speedup on target host, of builds that keep their limit and of builds that are slowed')
  .option('--checks <n>', 'of unchanged builds, for each pair', '14')
  .option('--slowed <n>', 'of builds slowed by 10 %, and of builds slowed by 5 %, for each pair', '7')
  .option('--layouts <n>', 'link orders in which each pair is measured by itself', '3')
  .option('--margin <share>', 'how far unchanged builds are above their limit', '0.02')
  .option('--busy', 'while another process keeps a processor busy')
  .option('--only <text>', 'pairs whose name contains it')
  .option('--seed <n>', 'other layouts and orders', '1')
  .parse()
  .opts();

const number = (name) => Number(options[name]);
/** The last one has the same model on both sides: its true speedup is 1. */
const PAIRS = [
  ['shapes', 'examples/shapes/shapes_int8.tflite', 'examples/shapes/shapes_fp32.tflite'],
  ['tones', 'examples/tones/tones_int8.tflite', 'examples/tones/tones_fp32.tflite'],
  ['tones, twice', 'examples/tones/tones_int8.tflite', 'examples/tones/tones_int8.tflite'],
].filter(([name]) => options.only === undefined || name.includes(options.only));

const target = parseTarget('host');
/** Seeds far enough from each other that no two measurements share layouts. */
let seed = 1000 * number('seed');
const nextSeed = () => (seed += 100);

async function linked(files) {
  const builds = [];
  for (const [i, file] of files.entries()) {
    const name = ['int8', 'fp32'][i];
    builds.push(await compileModel(importModel(readFileSync(file), file), { target, name, symbol: name }));
  }
  return linkRunner(builds);
}

const measured = (image, more) =>
  measureHardware(nativeDevice(), image, { int8: 0, fp32: 1, seed: nextSeed(), ...more });

/** A check as the gate makes it, with its confirmation. */
async function check(image, limit, more = {}) {
  const judged = (figures) =>
    judge({ 'min-speedup': limit }, {}, { accuracy: null, ...onHardware(figures, null, null) });
  const decided = (figures) => judged(figures)[0].status !== 'inconclusive';
  const once = await measured(image, { ...more, decided });
  let checks = judged(once);
  if (checks[0].status === 'fail') checks = confirm(checks, judged(await measured(image, { ...more, decided })));
  return { status: checks[0].status, speedup: once.speedup, unfit: once.unfit !== null };
}

async function several(count, run) {
  const results = [];
  for (let i = 0; i < count; i++) results.push(await run(i));
  return results;
}

const tally = (results) =>
  ['fail', 'inconclusive', 'pass'].map((status) => results.filter((r) => r.status === status).length).join('/');
const percent = (x) => `${(100 * x).toFixed(2)} %`;
const spread = (values) => (values.length < 2 ? '–' : percent(Math.max(...values) / Math.min(...values) - 1));

/** One row of the table. */
async function row([name, ...files]) {
  const began = performance.now();
  const image = await linked(files);
  const same = files[0] === files[1];
  const references = same ? [] : (await several(3, () => measured(image, { precision: 0.003 }))).map((f) => f.speedup);
  const truth = same ? 1 : Math.exp(references.reduce((sum, x) => sum + Math.log(x), 0) / references.length);
  const unchanged = await several(number('checks'), () => check(image, truth / (1 + number('margin'))));
  const slowed = [];
  for (const share of [0.1, 0.05])
    slowed.push(await several(number('slowed'), () => check(image, truth, { slowed: new Map([[0, share]]) })));
  const layouts = await several(number('layouts'), (i) => measured(image, { layout: 1 + i, precision: 0.003 }));
  const unfit = unchanged.filter((r) => r.unfit).length;
  return [
    ...[name, truth.toFixed(4), tally(unchanged), String(unfit), spread(unchanged.map((r) => r.speedup))],
    ...[
      ...slowed.map(tally),
      spread(layouts.map((f) => f.speedup)),
      `${((performance.now() - began) / 1000).toFixed(0)} s`,
    ],
  ];
}

/** Keeps one processor busy until its standard input ends, which it does with this process. */
const BUSY = `
process.stdin.on('end', () => process.exit()).resume();
(function spin() {
  for (const end = Date.now() + 50; Date.now() < end; );
  setImmediate(spin);
})();`;
const busy = options.busy ? spawn(process.execPath, ['-e', BUSY], { stdio: ['pipe', 'ignore', 'inherit'] }) : null;
try {
  console.log('Checks: fail/inconclusive/pass. Spread: largest over least speedup, less 1');
  const heads = ['pair', 'speedup', `unchanged, limit ${percent(number('margin'))} below`, 'unfit', 'spread'];
  console.log(`| ${[...heads, 'slowed 10 %', 'slowed 5 %', 'spread over link orders', 'time'].join(' | ')} |`);
  console.log(`|${'---|'.repeat(9)}`);
  for (const pair of PAIRS) console.log(`| ${(await row(pair)).join(' | ')} |`);
} finally {
  busy?.kill();
}
