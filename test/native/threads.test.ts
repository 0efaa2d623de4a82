import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generate } from '../../src/compiler/codegen/generate.ts';
import { compileModel } from '../../src/compiler/compile.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { compileFlags, findCompiler, includeDirs } from '../../src/compiler/toolchain/index.ts';
import type { Graph, Model } from '../../src/model/ir/graph.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import type { Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { importModel } from '../../src/model/tflite/importer.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { findQemu, openDevice } from '../../src/runtime/devices/open.ts';
import { modelOf } from '../compiler/run.ts';
import { type Form, type Layer, modelOfLayers } from './layers.ts';
import { cacheDir } from './run_layers.ts';

const root = join(import.meta.dirname, '..', '..');

/** Layers whose steps are cut in every way: tiles, panels, bands, images; with and without ragged ends and sums of rows. */
function layersOf(form: Form): Layer[] {
  const layer: Layer = {
    ...{ kind: 'nn.conv2d', form, input: [1, 26, 27, 24], outs: 21, groups: 1, kernel: [1, 1], strides: [1, 1] },
    ...{ dilation: [1, 1], padding: 'SAME', activation: 'RELU6', bias: true, perChannel: true, gain: 1, seed: 7 },
  };
  return [
    layer,
    { ...layer, input: [1, 6, 6, 130], outs: 190 },
    { ...layer, kernel: [3, 3], input: [1, 23, 14, 16] },
    { ...layer, kernel: [3, 3], input: [1, 23, 14, 16], padding: 'VALID' },
    { ...layer, kernel: [3, 3], input: [3, 13, 11, 9], strides: [2, 1] },
    { ...layer, kernel: [3, 3], input: [2, 16, 16, 8], outs: 8, groups: 2 },
    { ...layer, kind: 'nn.depthwise_conv2d', kernel: [3, 3], input: [1, 37, 33, 64], outs: 1 },
    { ...layer, kind: 'nn.depthwise_conv2d', kernel: [5, 5], input: [2, 31, 31, 24], outs: 1, strides: [2, 2] },
    { ...layer, kind: 'nn.depthwise_conv2d', kernel: [3, 3], input: [1, 37, 33, 20], outs: 2, padding: 'VALID' },
    { ...layer, kind: 'nn.dense', input: [1, 1, 1, 704], outs: 701 },
    { ...layer, kind: 'nn.dense', input: [1, 37, 1, 96], outs: 101 },
  ];
}

const example = (name: string): Model => {
  const file = join(root, 'examples', 'shapes', `${name}.tflite`);
  return importModel(readFileSync(file), file);
};

/**
 * Runs the models `t1` (built for one thread) and `t2`, `t3`, … by `run` and by parallel-fors that go backwards and that
 * use threads, each run in an arena full of rubbish, and prints where an output differs from that of `t1`.
 */
const driver = (threads: readonly number[]): string => `
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "int8_gate.h"
typedef void task_fn(void *, int32_t);
${[1, ...threads].map((n) => `const int8_gate_model *int8_gate_model_t${n}(void);`).join('\n')}
static int32_t most, tasks;
static void backwards(void *context, int32_t count, task_fn *task, void *closure) {
  *(int *)context += 1;
  if (count > most) most = count;
  tasks += count;
  for (int32_t i = count; i-- > 0;) task(closure, i);
}
typedef struct { task_fn *task; void *closure; int32_t first, step, count; } share;
static void *work(void *given) {
  share *s = given;
  for (int32_t i = s->first; i < s->count; i += s->step) s->task(s->closure, i);
  return NULL;
}
static void threaded(void *context, int32_t count, task_fn *task, void *closure) {
  enum { N = 3 };
  pthread_t thread[N];
  share s[N];
  (void)context;
  for (int i = 0; i < N; i++) {
    s[i] = (share){task, closure, i, N, count};
    if (pthread_create(&thread[i], NULL, work, &s[i])) abort();
  }
  for (int i = 0; i < N; i++) pthread_join(thread[i], NULL);
}
static void *buffer(size_t bytes, int rubbish) {
  unsigned char *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
  memset(p, rubbish, bytes + 64);
  return p;
}
int main(void) {
  const int8_gate_model *all[] = {${[1, ...threads].map((n) => `int8_gate_model_t${n}()`).join(', ')}};
  const int8_gate_model *one = all[0];
  const void **in = calloc((size_t)one->n_inputs, sizeof *in);
  void **expected = calloc((size_t)one->n_outputs, sizeof *expected), **out = calloc((size_t)one->n_outputs, sizeof *out);
  uint32_t random = 1;
  for (int i = 0; i < one->n_inputs; i++) {
    unsigned char *p = buffer(one->inputs[i].bytes, 0);
    for (size_t k = 0; k < one->inputs[i].bytes; k++) p[k] = (unsigned char)((random = random * 1664525u + 1013904223u) >> 24);
    for (size_t k = 0; one->inputs[i].dtype == 0 && k < one->inputs[i].bytes / 4; k++) ((float *)p)[k] = ((int8_t *)p)[4 * k] / 50.0f;
    in[i] = p;
  }
  for (int m = 0; m < ${threads.length + 1}; m++) {
    int calls = 0;
    for (int way = 0; way < 3; way++) {
      void *arena = buffer(all[m]->arena_bytes, 0x5a + way);
      void **to = m + way ? out : expected;
      for (int i = 0; i < one->n_outputs; i++) to[i] = buffer(one->outputs[i].bytes, 0x77);
      int code = all[m]->init(arena);
      if (way == 0) code |= all[m]->run(arena, in, to);
      if (way == 1) code |= all[m]->run_parallel(arena, in, to, backwards, &calls);
      if (way == 2) code |= all[m]->run_parallel(arena, in, to, threaded, NULL);
      if (code) printf("build %d way %d: code %d\\n", m, way, code);
      for (int i = 0; i < one->n_outputs; i++) {
        if (memcmp(to[i], expected[i], one->outputs[i].bytes)) printf("build %d way %d: output %d\\n", m, way, i);
        for (int k = 0; k < 64; k++)
          if (((unsigned char *)to[i])[one->outputs[i].bytes + k] != 0x77) printf("build %d way %d: past output %d\\n", m, way, i);
        if (to == out) free(to[i]);
      }
      free(arena);
    }
    printf("threads %d: %d operators, at most %d parts\\n", all[m]->threads, calls, most);
    most = 0;
  }
  return 0;
}
`;

/** What the driver says, line by line. */
async function drive(model: Model, targetName: string, threads: readonly number[]): Promise<string[]> {
  const target = parseTarget(targetName);
  const compiler = await findCompiler(target);
  const archives = [];
  for (const n of [1, ...threads]) {
    const options = { target, name: `t${n}`, symbol: `t${n}`, threads: n, cacheDir };
    archives.push((await compileModel(model, options)).archive);
  }
  const cwd = mkdtempSync(join(cacheDir, 'threads-'));
  writeFileSync(join(cwd, 'main.c'), driver(threads));
  const includes = includeDirs().map((dir) => `-I${dir}`);
  const flags = [...compileFlags(compiler, target), ...compiler.linkArgs, '-static', '-pthread', ...includes];
  execFileSync(compiler.command, [...flags, 'main.c', ...archives, '-lm', '-o', 'main'], { cwd });
  const emulated = target.arch === 'aarch64' && process.arch !== 'arm64';
  const [command, args] = emulated ? [findQemu(), ['-cpu', 'max', './main']] : ['./main', []];
  return execFileSync(command, args, { cwd, encoding: 'utf8' }).trim().split('\n');
}

describe('results are the same for any number of threads', () => {
  test.each([
    ['host', 'float32'],
    ['aarch64', 'int8'],
    ['aarch64', 'uint8-full'],
    ['aarch64', 'float32'],
    ['aarch64+dotprod', 'uint8-full'],
    ['aarch64+dotprod+i8mm', 'int8'],
  ] as const)('layers on %s, %s', async (target, form) => {
    const layers = layersOf(form);
    expect(await drive(modelOfLayers(layers).model, target, [2, 5])).toEqual([
      'threads 1: 0 operators, at most 0 parts',
      `threads 2: ${layers.length} operators, at most 2 parts`,
      `threads 5: ${layers.length} operators, at most 5 parts`,
    ]);
  });

  test.each(['aarch64', 'aarch64+dotprod'])('products of matrices on %s', async (target) => {
    const q = (zeroPoint: number) => perTensor(0.02, zeroPoint);
    const tensor = (shape: Shape, zeroPoint: number): Tensor => ({
      ...{ name: '', dtype: 'int8', shape, data: null, quantization: q(zeroPoint) },
    });
    const attrs = { adjX: false, adjY: true, asymmetricQuantizeInputs: false };
    const graph: Graph = {
      ...{ name: 'products', inputs: [0, 1], outputs: [2] },
      tensors: [tensor([6, 70, 96], 3), tensor([6, 65, 96], -5), tensor([6, 70, 65], 1)],
      nodes: [{ kind: 'nn.batch_matmul', attrs, inputs: [0, 1], outputs: [2], source: 0 }],
    };
    expect(await drive(modelOf(graph), target, [4])).toEqual([
      'threads 1: 0 operators, at most 0 parts',
      'threads 4: 1 operators, at most 4 parts',
    ]);
  });

  test('a whole model', async () => {
    const said = await drive(example('shapes_int8'), 'aarch64', [2]);
    expect(said).toEqual([
      'threads 1: 0 operators, at most 0 parts',
      expect.stringMatching(/^threads 2: [1-9]\d* operators, at most 2 parts$/),
    ]);
  });
});

test.each(['host', 'aarch64'])('the runner runs parts on threads, on %s', async (name) => {
  const target = parseTarget(name);
  const model = example('shapes_int8');
  const builds = await Promise.all(
    [1, 3, 2].map((threads, i) =>
      compileModel(model, { target, name: `${threads}`, symbol: `m${i}`, threads, cacheDir }),
    ),
  );
  const [{ bytes }] = builds[0].inputs;
  const input = Uint8Array.from({ length: 4 * bytes }, (_, i) => (i * 2654435761) >>> 24);
  const device = await openDevice(target);
  const image = await linkRunner(builds, { cacheDir });
  const runs = builds.map((_, build) => ({ build, inputs: [input], samples: 4, reset: true }));
  const [one, ...others] = await device.run(image, runs);
  for (const { outputs } of others) expect(outputs).toEqual(one.outputs);
});

test('a build for one thread is the code that it always was', () => {
  const { model } = modelOfLayers(layersOf('int8').slice(0, 3));
  const source = (threads?: number) =>
    generate(model.subgraphs[0], {
      ...{ target: parseTarget('cortex-a72'), profile: 'tflite', name: 'm', symbol: 'm', threads },
    }).source;
  expect(source(1)).toBe(source());
  expect(source(1)).not.toMatch(/parallel_for\(|_task/);
  expect(source(2)).toMatch(/parallel_for\(context, 2, m_node_0_task/);
});
