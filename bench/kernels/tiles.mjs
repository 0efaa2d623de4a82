// Every schedule of a task by modelled cycles, fastest first, beside the estimate of src/compiler/templates/gemm/cost.ts.
// node bench/kernels/tiles.mjs TARGET ROWSxCOLUMNSxDEPTH…             1x1 convolutions of int8
// node bench/kernels/tiles.mjs TARGET MODEL.tflite [NUMBER…]          tasks of a model, by number; none: their list
// `--kernel NAME` leaves the other kernels out. After `npm run compile`; needs a cross compiler and QEMU.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { oneLayer, sourceOf, tasksOf, tasksOfGraph } from '../../build/js/compiler/templates/index.js';
import { importModel } from '../../build/js/model/tflite/importer.js';
import { costsOf, cyclesOf } from './costs.mjs';

/** Schedules that are linked into one program. */
const AT_ONCE = 16;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { kernel: { type: 'string' } } });
const [name, ...specs] = positionals;
const build = { target: parseTarget(name), profile: 'tflite', threads: 1 };

function pointwise(spec) {
  const [m, n, k] = spec.split('x').map(Number);
  const workload = {
    ...{ op: 'nn.conv2d', data: 'int8', right: 'constant', images: 1, input: [1, m], channels: k, output: [1, m] },
    ...{ kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: [0, 0], groups: 1, n, paddedRows: false },
    ...{ epilogue: 'tflite', threads: 1, weights: { operands: 'int8' } },
  };
  return tasksOfGraph(oneLayer(workload), build)[0];
}

function tasksOfModel(file, numbers) {
  const tasks = tasksOf(importModel(readFileSync(file), file), build);
  if (numbers.length > 0) return numbers.map((number) => tasks[Number(number)]);
  for (const [i, { name: label, key, size, schedule }] of tasks.entries())
    console.log(`${i}  ${label}\n    ${key}\n    ${size} schedules, by default ${JSON.stringify(schedule)}`);
  return [];
}

async function sweep(task) {
  const graph = task.oneLayer();
  const wanted = ({ record }) => values.kernel === undefined || record.schedule.kernel === values.kernel;
  const candidates = [...task.candidates()].filter(wanted);
  const rows = [];
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const some = candidates.slice(at, at + AT_ONCE);
    const sources = some.map(({ record }) => sourceOf([record]));
    const costs = await costsOf(
      some.map(() => graph),
      build.target,
      undefined,
      sources,
    );
    rows.push(...some.map((candidate, i) => ({ ...candidate, measured: cyclesOf(costs[i]) })));
  }
  rows.sort((a, b) => a.measured - b.measured);
  console.log(`${task.key} on ${name}\n  measured  estimated`);
  for (const { record, cycles, measured } of rows) {
    const chosen = JSON.stringify(record.schedule) === JSON.stringify(task.schedule) ? '  (default)' : '';
    const figures = [measured, cycles].map((value) => value.toFixed(0).padStart(10)).join(' ');
    console.log(`${figures}  ${JSON.stringify(record.schedule)}${chosen}`);
  }
}

const isModel = specs[0]?.endsWith('.tflite');
const tasks = isModel ? tasksOfModel(specs[0], specs.slice(1)) : specs.map(pointwise);
for (const task of tasks) await sweep(task);
