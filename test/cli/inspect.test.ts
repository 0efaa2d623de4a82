import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inspect } from '../../src/cli/commands/inspect.ts';
import { compileModel } from '../../src/compiler/compile.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { InputError } from '../../src/errors.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { parseModel } from '../../src/model/ir/parse.ts';
import { constantsOf, printModel } from '../../src/model/ir/print.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { importModel } from '../../src/model/tflite/importer.ts';
import { writeModel } from '../../src/model/tflite/writer.ts';
import { goodModel } from '../fixtures/model/index.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'model');
const cnn = join(fixtures, 'good', 'graph-int8-cv_mini_cnn.tflite');

describe('inspect', () => {
  it('describes a model in words', () => {
    const { text } = inspect(cnn, {});
    for (const operator of ['CONV_2D', 'MAX_POOL_2D', 'RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX'])
      expect(text).toContain(operator);
    expect(text).toMatch(/computes +int8 per-channel/);
    expect(text).toMatch(/input +"x" int8 \[/);
    expect(text).toMatch(/[\d,]+ multiply-accumulates/);
    expect(text).not.toContain('NOT SUPPORTED');
  });

  it('describes a model as JSON', () => {
    const model = importModel(goodModel('graph-int8-cv_mini_cnn'), cnn);
    const description = JSON.parse(inspect(cnn, { json: true }).text);
    expect(description).toMatchObject({ schema: 'int8-gate/inspect@1', file: cnn, supported: true, problems: [] });
    const input = model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]];
    expect(description.inputs[0]).toMatchObject({ name: input.name, dtype: 'int8', quantization: input.quantization });
    const macs = description.operators.map((op: { macs: number }) => op.macs);
    expect(macs.reduce((a: number, b: number) => a + b, 0)).toBe(description.macs);
  });

  it('prints the graph as text that can be read back', () => {
    const model = importModel(goodModel('graph-int8-cv_mini_cnn'), cnn);
    expect(inspect(cnn, { ir: true }).text).toBe(printModel(model));
    expect(parseModel(inspect(cnn, { ir: true }).text, constantsOf(model))).toEqual(model);
  });

  it('lists what is unsupported, and has no graph for it', () => {
    const custom = join(fixtures, 'bad', 'custom_unknown.tflite');
    const { text, fault } = inspect(custom, {});
    expect(fault).toBeNull();
    expect(text).toMatch(/#0 +CUSTOM \("MyVeryOwnOp"\) +NOT SUPPORTED/);
    const description = JSON.parse(inspect(custom, { json: true }).text);
    expect(description.supported).toBe(false);
    expect(description.operators).toMatchObject([
      { status: 'unsupported', reason: expect.stringContaining('not in the file') },
    ]);
    expect(() => inspect(custom, { ir: true })).toThrow(InputError);
  });

  it.each(['cycle', 'scale_zero', 'opcode_negative', 'graph_output_oob', 'type_99'])(
    'describes a file that is at fault (%s) and says so',
    (name) => {
      const { text, fault } = inspect(join(fixtures, 'bad', `${name}.tflite`), { json: true });
      expect(fault).toBeInstanceOf(InputError);
      const { operators, problems } = JSON.parse(text);
      expect(problems.length).toBeGreaterThan(0);
      for (const { status, reason } of operators) expect(reason === null).toBe(status === 'supported');
    },
  );

  it('says of every operator whether it is supported, and why not', () => {
    const { text } = inspect(join(fixtures, 'bad', 'cycle.tflite'), { json: true });
    const { operators } = JSON.parse(text) as { operators: { status: string; reason: string | null }[] };
    expect(operators.map(({ status }) => status)).toContain('faulty');
    expect(operators.find(({ status }) => status === 'faulty')?.reason).toMatch(/written only later/);
  });

  it.each([{}, { json: true }, { ir: true }])('shows names without what terminals obey: %j', (options) => {
    const { text } = inspect(join(fixtures, 'bad', 'name_hostile.tflite'), options);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
  });

  describe('of a model that no build can be made of', () => {
    const graph = (inputs: readonly Tensor[], results: readonly Tensor[], nodes: readonly object[]): Graph => ({
      name: 'main',
      tensors: [...inputs, ...results],
      nodes: nodes.map((node, source) => ({ attrs: {}, ...node, source }) as unknown as Node),
      inputs: inputs.map((_, id) => id),
      outputs: [inputs.length + results.length - 1],
    });
    const tensor = (name: string, dtype: DType, shape: readonly number[]): Tensor => ({
      ...{ name, dtype, shape, quantization: null, data: null },
    });
    /** Rows that are found are cast: how many there are is data. */
    const counted = graph(
      [tensor('flags', 'bool', [4])],
      [tensor('found', 'int64', [4, 1]), tensor('rows', 'int32', [4, 1])],
      [
        { kind: 'argwhere', inputs: [0], outputs: [1] },
        { kind: 'cast', inputs: [1], outputs: [2] },
      ],
    );
    const filled = graph(
      [tensor('dims', 'int32', [2]), tensor('value', 'float32', [])],
      [tensor('all', 'float32', [1, 1])],
      [{ kind: 'full', inputs: [0, 1], outputs: [2] }],
    );

    it.each([
      ['reads a result whose size is data', counted, /#1 cast → "rows" cannot be compiled: the size of "found"/],
      ['has a size that is fed', filled, /#0 full → "all" cannot be compiled: .*depends on data \("dims"\): bind/],
    ])('gives the reason that a build gives: it %s', async (_, main, reason) => {
      const folder = mkdtempSync(join(tmpdir(), 'int8-gate-inspect-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const path = join(folder, 'sizes.tflite');
      const model = { name: 'sizes', description: '', subgraphs: [main], signatures: [] };
      writeFileSync(path, writeModel(model));
      const options = { target: parseTarget('host'), name: 'sizes', symbol: 'sizes' };
      const refused = await compileModel(model, options).then(
        () => expect.fail('a build was made'),
        (error: Error) => error.message,
      );
      expect(refused).toMatch(reason);
      expect(JSON.parse(inspect(path, { json: true }).text)).toMatchObject({ supported: true, buildProblem: refused });
      const { text, fault } = inspect(path, {});
      expect(text).toContain(`\nNO BUILD (the interpreter runs it: verify --engine interpreter): ${refused}\n`);
      expect(fault).toBeNull();
    });

    it('is not any model', () => {
      expect(JSON.parse(inspect(cnn, { json: true }).text).buildProblem).toBeNull();
      expect(inspect(cnn, {}).text).not.toContain('NO BUILD');
    });
  });

  it.each([
    ['a missing file', 'nowhere/no.tflite', /^nowhere\/no\.tflite: no such file/],
    ['a folder', fixtures, /not a file/],
    ['a damaged file', join(fixtures, 'bad', 'trunc_50pc.tflite'), /truncated or damaged/],
  ])('refuses %s', (_, path, message) => {
    expect(() => inspect(path, {})).toThrow(InputError);
    expect(() => inspect(path, {})).toThrow(message);
  });

  it('says what to do with a Git LFS pointer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'int8-gate-inspect-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'model.tflite');
    writeFileSync(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n');
    expect(() => inspect(path, {})).toThrow(/git lfs pull/);
  });
});
