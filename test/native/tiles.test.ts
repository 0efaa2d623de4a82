import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { type GemmKernelName, kernelOf } from '../../src/compiler/templates/gemm/kernels/index.ts';
import type { GemmSchedule } from '../../src/compiler/templates/gemm/space.ts';
import { GEMM, sourceOf, type Task, type TuningRecord, tasksOfGraph } from '../../src/compiler/templates/index.ts';
import type { Operands } from '../../src/compiler/templates/workload.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import { gemmWorkload } from '../compiler/templates/gemm/workloads.ts';
import { difference, type Form, type Layer, modelOfLayers } from './layers.ts';
import { runLayers } from './run_layers.ts';

/** What schedules of one tile have in common. */
const tileOf = ({ kernel, mr, nr, kBlocks, singles }: GemmSchedule): string =>
  `${kernel} ${mr} x ${nr}${kBlocks === undefined ? '' : ` x ${kBlocks}`}${singles ? ' + 1' : ''}`;

/** A schedule for each tile of a kernel. */
function tilesOf(kernel: GemmKernelName, targetName: string, operands: Operands): GemmSchedule[] {
  const data = operands === 'float32' ? operands : 'int8';
  const large = gemmWorkload({ data, operands, m: 64, n: 64, k: 64 });
  const schedules = [...GEMM.space(large, parseTarget(targetName))].filter((s) => s.kernel === kernel);
  return [...new Map(schedules.map((s) => [tileOf(s), s])).values()];
}

/** One of the schedules of a task that have the tile: orders and bands by turns. */
function recordFor(task: Task, tile: GemmSchedule, index: number): TuningRecord {
  const records = [...task.candidates()].map(({ record }) => record);
  const fitting = records.filter(({ schedule }) => tileOf(schedule as GemmSchedule) === tileOf(tile));
  expect(fitting).not.toEqual([]);
  return fitting[index % fitting.length];
}

/** One layer a tile: ragged in rows and columns, now and then narrower than a panel, in place or gathered. */
function layerOf(s: GemmSchedule, index: number, form: Form): Layer {
  const { unit } = kernelOf(s.kernel);
  const narrow = index % 3 === 0;
  // Short and long loops along it, whole and ragged.
  const depth = [3 * unit + 8, 27, 6 * unit, 43][index % 4];
  return {
    ...{ kind: 'nn.conv2d', form, input: [1, 1, 9 + index, depth], outs: narrow ? s.nr - 1 : 2 * s.nr + 3, groups: 1 },
    ...{
      kernel: [1, 1],
      strides: [1, 1],
      dilation: [1, 1],
      padding: 'VALID',
      activation: index % 5 ? 'NONE' : 'RELU6',
    },
    ...{ bias: true, perChannel: true, gain: 1, seed: index },
  };
}

const KERNELS: readonly (readonly [GemmKernelName, string, readonly Form[]])[] = [
  ['portable', 'host', ['int8-full', 'uint8-full']],
  ['f32_portable', 'host', ['float32']],
  ['f32', 'aarch64', ['float32']],
  ['f32', 'cortex-a53', ['float32']],
  ['mlal', 'aarch64', ['int8-full', 'uint8-full']],
  ['smull', 'aarch64', ['int8', 'uint8-narrow', 'uint8-offset']],
  ['k_sums', 'cortex-a53', ['int8', 'int8-full', 'uint8-narrow', 'uint8-offset', 'uint8-full']],
  ['dot', 'aarch64+dotprod', ['int8-full', 'uint8-full']],
  ['mmla', 'aarch64+dotprod+i8mm', ['int8-full', 'uint8-full']],
];

describe.each(KERNELS)('every tile of %s', (kernel, targetName, forms) => {
  const build = { target: parseTarget(targetName), profile: 'tflite', threads: 1 } as const;
  const tiles = tilesOf(kernel, targetName, forms[0] === 'float32' ? 'float32' : 'int8');
  const layers = tiles.map((s, i) => layerOf(s, i, forms[i % forms.length]));
  const { model, inputs } = modelOfLayers(layers);
  const expected = interpret(model, inputs);
  const tasks = tasksOfGraph(model.subgraphs[0], build);
  const records = tasks.map((task, i) => recordFor(task, tiles[i], i));

  test('has a layer of its own', () => {
    expect(tiles.length).toBeGreaterThanOrEqual(kernel.includes('portable') ? 4 : 8);
    expect(new Set(tasks.map(({ key }) => key)).size).toBe(tiles.length);
  });

  test.each(['gcc', 'clang'] as const)(`on ${targetName} by %s`, async (family) => {
    const actual = await runLayers(model, inputs, targetName, { family, schedules: sourceOf(records) });
    const wrong = tiles.flatMap((_, i) => {
      const off = difference(actual[i], expected[i]);
      return off === null ? [] : [`${JSON.stringify(records[i].schedule)}, ${layers[i].form}: ${off}`];
    });
    expect(wrong).toEqual([]);
  });
});
