import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EnvironmentError, InputError } from '../../../src/errors.ts';
import { type ModelSource, runnerOrThrow } from '../../../src/gate/engines/engine.ts';
import { type LiteRtOptions, litertEngine } from '../../../src/gate/engines/litert.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { enterSignature } from '../../../src/model/ir/signature.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { cases, examples, expectGolden, inputsOf } from '../../examples/examples.ts';

const prepare = async (source: Partial<ModelSource> & Pick<ModelSource, 'model'>, options?: LiteRtOptions) =>
  (await litertEngine(options).prepare([{ name: 'm', symbol: 'm', ...source }]))[0];

async function open(source: Partial<ModelSource> & Pick<ModelSource, 'model'>, options?: LiteRtOptions) {
  const runner = runnerOrThrow(await prepare(source, options));
  onTestFinished(() => runner.close());
  return runner;
}

const readFile = (path: string) => {
  const file = readFileSync(join(examples, path));
  return { file, model: importModel(file, path) };
};

const tensor = (name: string, more: Partial<Tensor> = {}): Tensor => ({
  ...{ name, dtype: 'float32', shape: [1, 3], quantization: null, data: null },
  ...more,
});
const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
const modelOf = (...graphs: Omit<Graph, 'name'>[]): Model => ({
  ...{ name: 'm', description: '', signatures: [] },
  subgraphs: graphs.map((graph, i) => ({ name: `graph ${i}`, ...graph })),
});

/** Processes that this one has started and that live. */
const children = () =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const parent = / (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) \S/, ''))?.[1];
        return command.includes('litert.cjs') && Number(parent) === process.pid;
      } catch {
        return false;
      }
    });

describe('LiteRT', () => {
  it.each(cases.filter(({ model }) => /^(shapes|tones)/.test(model)))('runs the example $name', async (golden) => {
    const { model, file } = readFile(golden.model);
    const runner = await open({ model, file });
    const inputs = inputsOf(golden);
    const [outputs] = await runner.run([inputs]);
    if (!golden.exact) return expectGolden(golden, outputs);
    // The golden outputs are those of TFLite's reference kernels; XNNPACK rounds otherwise, as our profile of that name.
    expect(outputs).toEqual(interpret(model, inputs, { profile: 'xnnpack' }));
  });

  it('gives the same for a file that it is written from a model', async () => {
    const { model, file } = readFile('tones/tones_int8.tflite');
    const golden = cases.find(({ name }) => name.startsWith('tones_int8'))!;
    const runners = [await open({ model, file }), await open({ model })];
    const [[a], [b]] = await Promise.all(runners.map((runner) => runner.run([inputsOf(golden)])));
    expect(a).toEqual(b);
  });

  it("feeds inputs by the signature's names, and says which signature is missing", async () => {
    const ports = (...names: [string, number][]) => names.map(([name, id]) => ({ name, tensor: id }));
    const plain = modelOf({
      tensors: [tensor('a'), tensor('b'), tensor('d'), tensor('p')],
      nodes: [
        node('subtract', [0, 1], [2], { activation: 'NONE' }),
        node('multiply', [0, 1], [3], { activation: 'NONE' }),
      ],
      ...{ inputs: [0, 1], outputs: [2, 3] },
    });
    const file = writeModel({
      ...plain,
      signatures: [
        {
          ...{ key: 'swapped', subgraph: 0, inputs: ports(['y', 1], ['x', 0]) },
          outputs: ports(['product', 3], ['difference', 2]),
        },
      ],
    });
    const model = importModel(file, 'm.tflite');
    const [a, b] = [Float32Array.of(5, 6, 7), Float32Array.of(1, 2, 4)];
    const run = async (m: Model, inputs: TensorData[], signature?: string) =>
      (await (await open({ model: m, file, signature })).run([inputs]))[0];
    expect(await run(model, [a, b])).toEqual([Float32Array.of(4, 4, 3), Float32Array.of(5, 12, 28)]);
    const entered = enterSignature(model, 'swapped');
    expect(await run(entered, [b, a], 'swapped')).toEqual([Float32Array.of(5, 12, 28), Float32Array.of(4, 4, 3)]);
    const fault = await prepare({ model: { ...model, signatures: [{ ...model.signatures[0], key: 'gone' }] }, file });
    expect(fault).toBeInstanceOf(InputError);
    expect((fault as Error).message).toBe('it does not know the signature "gone"');
  });

  it('resizes inputs that the file leaves open', async () => {
    const model = modelOf({
      tensors: [tensor('x', { shape: [1, 3], signature: [-1, 3] }), tensor('y', { shape: [1, 3], signature: [-1, 3] })],
      ...{ nodes: [node('negative', [0], [1])], inputs: [0], outputs: [1] },
    });
    expect(await (await open({ model })).run([[Float32Array.of(1, -2, 3)]])).toEqual([[Float32Array.of(-1, 2, -3)]]);
  });

  it('says in its own words what it cannot load, and runs other models of the same batch', async () => {
    const { model } = readFile('tones/tones_fp32.tflite');
    const custom = { model, name: 'custom', symbol: 'custom', file: Buffer.from('no model at all') };
    const [fault, runner] = await litertEngine().prepare([custom, { model, name: 'm', symbol: 'm' }]);
    expect(fault).toBeInstanceOf(EnvironmentError);
    expect((fault as Error).message).toMatch(/model/i);
    runnerOrThrow(runner).close();
    const complex = modelOf({
      tensors: [tensor('x', { dtype: 'complex64' }), tensor('y')],
      ...{ nodes: [node('complex_abs', [0], [1])], inputs: [0], outputs: [1] },
    });
    expect(((await prepare({ model: complex })) as Error).message).toMatch(/"x" is complex64/);
  });

  it('ends a loop without end after the time limit, and leaves no process behind', async () => {
    const endless = modelOf(
      {
        tensors: [tensor('x'), tensor('y')],
        ...{ nodes: [node('while', [0], [1], { condition: 1, body: 2 })], inputs: [0], outputs: [1] },
      },
      {
        tensors: [tensor('x'), tensor('axis', { dtype: 'int32', shape: [2], data: Int32Array.of(0, 1) })].concat([
          ...[tensor('same', { dtype: 'bool' }), tensor('go', { dtype: 'bool', shape: [] })],
        ]),
        nodes: [node('equal', [0, 0], [2]), node('all', [2, 1], [3], { keepDims: false })],
        ...{ inputs: [0], outputs: [3] },
      },
      {
        tensors: [tensor('x'), tensor('y')],
        ...{ nodes: [node('negative', [0], [1])], inputs: [0], outputs: [1] },
      },
    );
    const runner = await open({ model: endless }, { limitMs: 3000 });
    expect(children()).toHaveLength(1);
    await expect(runner.run([[Float32Array.of(1, 2, 3)]])).rejects.toThrow(
      new EnvironmentError('it did not answer within 3 s'),
    );
    await expect(runner.run([[Float32Array.of(1, 2, 3)]])).rejects.toThrow(/ended/);
    await expect.poll(children).toEqual([]);
    expect(await prepare({ model: endless }, { limitMs: 1 })).toBeInstanceOf(EnvironmentError);
    await expect.poll(children).toEqual([]);
  });
});
