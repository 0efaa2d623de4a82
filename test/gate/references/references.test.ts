import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Port } from '../../../src/compiler/build.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../../src/errors.ts';
import { openDataset } from '../../../src/gate/data/dataset.ts';
import { openFiles } from '../../../src/gate/data/files.ts';
import { buildEngine } from '../../../src/gate/engines/build.ts';
import { type Engine, type Runner, runnerOrThrow, type Tensors } from '../../../src/gate/engines/engine.ts';
import { litertEngine } from '../../../src/gate/engines/litert.ts';
import { modelPorts } from '../../../src/gate/engines/ports.ts';
import { inferencesOf } from '../../../src/gate/engines/stream.ts';
import { countDifferences } from '../../../src/gate/references/compare.ts';
import { parseReferences, REFERENCES, type ReferenceRunner } from '../../../src/gate/references/index.ts';
import { partingOf, traceOf } from '../../../src/gate/references/part.ts';
import { type ReferenceTask, runReference } from '../../../src/gate/references/run.ts';
import type { Profile } from '../../../src/model/arithmetic/multiplier.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { examples } from '../../examples/examples.ts';

/** What becomes a constant where shapes are known. */
const SHAPES = ['shape_of', 'strided_slice', 'stack', 'cast'];

const path = 'tones/tones_int8.tflite';
const file = readFileSync(join(examples, path));
const model = importModel(file, path);
const ports = modelPorts(model, 'inputs');
const data = { inputs: 'tones/data/*.bin', dtype: 'float32' } as const;
const dataset = openDataset(data, { int8: ports, fp32: ports }, openFiles(examples));
const samples = [0, 30, 60, 90, 120, 150, 180, 210].map((i) => inferencesOf(dataset.load(i), 'int8', ports));
/** Every value one step off. */
const off = (tensor: TensorData): Int8Array => (tensor as Int8Array).map((x) => x ^ 1);
/** Operators of the model that do not compute a shape. */
const OPERATORS = model.subgraphs[0].nodes.filter(({ kind }) => !SHAPES.includes(kind)).length;

async function taskOf(profile: Profile, more: Partial<ReferenceTask> = {}): Promise<ReferenceTask> {
  const engine = buildEngine(parseTarget('host'));
  const [build] = await engine.prepare([{ model, name: 'tones', symbol: 'tones', profile }]);
  return { model, file, profile, samples, build: runnerOrThrow(build), ...more };
}
const run = async (task: ReferenceTask, engine?: () => Engine<ReferenceRunner>) =>
  runReference('litert', engine === undefined ? REFERENCES.litert : { ...REFERENCES.litert, engine }, task);

/** The interpreter in the place of another runtime, with outputs that a test changes. */
const pretending = (profile: Profile, change: (outputs: Tensors) => Tensors = (o) => o): Engine<ReferenceRunner> => ({
  ...litertEngine(),
  prepare: async (sources) =>
    sources.map(({ model: given }) => {
      const graph = given.subgraphs[0];
      const outputs = graph.outputs.map((id) => ({ ...graph.tensors[id], bytes: 0 })) as Port[];
      const infer: Runner['run'] = async (all) => all.map((x) => change(interpret(given, x, { profile })));
      return { engine: 'litert', inputs: [], outputs, run: infer, close: () => {} };
    }),
});

describe('a reference', () => {
  it('names the rounding by which LiteRT differs, and differs no more under it', async () => {
    const rounded = await run(await taskOf('tflite'));
    // Counted by the interpreter, which goldens hold to TFLite's reference kernels.
    const [engine] = await litertEngine().prepare([{ model, file, name: 'm', symbol: 'm' }]);
    const runner = runnerOrThrow(engine);
    const theirs = await runner.run(samples.flat());
    runner.close();
    const wanted = samples.flat().map((inputs) => interpret(model, inputs)[0]);
    const differing = theirs.flatMap(([t], n) => Array.from(t, Number).filter((x, i) => x !== Number(wanted[n][i])));
    expect(rounded).toMatchObject({ ...{ name: 'litert', version: '2.5.3', target: 'host', fault: null } });
    expect(rounded).toMatchObject({ samples: 8, values: 64, differing: differing.length, unit: 'steps' });
    expect(differing.length).toBeGreaterThan(0);
    expect(rounded.explanation).toMatch(/^LiteRT computes with XNNPACK's rounding: equal under profile xnnpack\. /);
    expect(await run(await taskOf('xnnpack'))).toMatchObject({ differing: 0, largest: 0, explanation: null });
  });

  it("calls it the compiler's fault only where the build leaves the interpreter", async () => {
    const task = await taskOf('tflite');
    const broken: Runner = {
      ...task.build,
      run: async (all) => (await task.build.run(all)).map((outputs) => outputs.map(off)),
    };
    const { explanation, differing } = await run({ ...task, build: broken }, () => pretending('tflite'));
    expect(differing).toBe(64);
    expect(explanation).toMatch(/fault of the compiler, please report/);
  });

  it('says which operators of a runtime with kernels of its own differ', async () => {
    // Softmax one step off: the only operator that differs under the profile which the rest computes with.
    const kernels = pretending('single', ([last, ...rest]) => [off(last), ...rest]);
    const { explanation } = await run(await taskOf('tflite'), () => kernels);
    const { kind } = model.subgraphs[0].nodes.at(-1)!;
    expect(explanation).toMatch(
      /^LiteRT's fast kernels differ .* under profile (single|xnnpack), which comes closest, first in #/,
    );
    expect(explanation).toContain(`1 of ${OPERATORS} operators, fed its values, give others (1 ${kind}).`);
  });

  it('sees no operator part where the profile is the right one, tensor by tensor, in LiteRT itself', async () => {
    const [inputs] = samples[0];
    const [engine] = await litertEngine().prepare([{ model, file, name: 'm', symbol: 'm' }]);
    const runner = runnerOrThrow(engine);
    const [outputs] = await runner.run([inputs]);
    runner.close();
    const trace = await traceOf(model, inputs, outputs, litertEngine());
    expect(partingOf(trace!, 'xnnpack')).toMatchObject({ kinds: [], comparable: OPERATORS });
    expect(partingOf(trace!, 'tflite').kinds.length).toBeGreaterThan(0);
    expect(await traceOf(model, inputs, outputs.map(off), litertEngine())).toBeNull();
  });

  it('that cannot run the model is a fault in the figures, and no error', async () => {
    const figures = await run(await taskOf('tflite', { file: Buffer.from('TFL3') }));
    expect(figures).toMatchObject({ samples: 0, values: 0, differing: 0, explanation: null });
    expect(figures.fault).toMatch(/\S/);
    const late = await run(await taskOf('tflite'), () => litertEngine({ limitMs: 1 }));
    expect(late.fault).toBe('it did not answer within 0.001 s');
    const crashing = { ...litertEngine(), prepare: async () => [new EnvironmentError('gone')] };
    expect(await run(await taskOf('tflite'), () => crashing)).toMatchObject({ fault: 'gone' });
  });
});

it('counts differences: codes exactly, floats within a tolerance, and NaN', () => {
  const port = (dtype: Port['dtype']): Port => ({ name: 'y', dtype, shape: [3], bytes: 0, quantization: null });
  const codes = (...x: number[]) => [Int8Array.from(x)];
  expect(countDifferences([codes(1, 2, 3)], [codes(1, -2, 4)], [port('int8')])).toEqual({
    ...{ values: 3, differing: 2, largest: 4, unit: 'steps' },
  });
  const floats = (...x: number[]) => [Float32Array.from(x)];
  expect(countDifferences([floats(1, 2, Number.NaN)], [floats(1.000001, 2.5, Number.NaN)], [port('float32')])).toEqual({
    ...{ values: 3, differing: 1, largest: 0.5, unit: 'real' },
  });
  const broken = countDifferences([floats(1, 2, 3)], [floats(1, 2, Number.NaN)], [port('float32')]);
  expect(broken).toMatchObject({ differing: 1, largest: Number.MAX_VALUE });
});

it('--reference takes names of references, or none', () => {
  expect(parseReferences('', '--reference')).toEqual(['litert']);
  expect(parseReferences('none', '--reference')).toEqual([]);
  expect(parseReferences(' litert, litert', '--reference')).toEqual(['litert']);
  for (const odd of ['litter', 'litert,none', 'litert,', 'constructor'])
    expect(() => parseReferences(odd, '--reference')).toThrow(InputError);
  expect(() => parseReferences('litter', '--reference')).toThrow(
    /^--reference: "litter" is not one of litert, tfjs, none/,
  );
});
