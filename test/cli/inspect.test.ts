import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inspect } from '../../src/cli/commands/inspect.ts';
import { InputError } from '../../src/errors.ts';
import { parseModel } from '../../src/model/ir/parse.ts';
import { constantsOf, printModel } from '../../src/model/ir/print.ts';
import { importModel } from '../../src/model/tflite/importer.ts';
import { goodModel } from '../fixtures/model/index.ts';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'model');
const cnn = join(fixtures, 'good', 'graph-int8-cv_mini_cnn.tflite');

describe('inspect', () => {
  it('describes a model in words', () => {
    const text = inspect(cnn, {});
    for (const operator of ['CONV_2D', 'MAX_POOL_2D', 'RESHAPE', 'FULLY_CONNECTED', 'SOFTMAX'])
      expect(text).toContain(operator);
    expect(text).toMatch(/computes +int8 per-channel/);
    expect(text).toMatch(/input +"x" int8 \[/);
    expect(text).toMatch(/[\d,]+ multiply-accumulates/);
    expect(text).not.toContain('NOT SUPPORTED');
  });

  it('describes a model as JSON', () => {
    const model = importModel(goodModel('graph-int8-cv_mini_cnn'), cnn);
    const description = JSON.parse(inspect(cnn, { json: true }));
    expect(description).toMatchObject({ schema: 'int8-gate/inspect@1', file: cnn, supported: true, problems: [] });
    const input = model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]];
    expect(description.inputs[0]).toMatchObject({ name: input.name, dtype: 'int8', quantization: input.quantization });
    const macs = description.operators.map((op: { macs: number }) => op.macs);
    expect(macs.reduce((a: number, b: number) => a + b, 0)).toBe(description.macs);
  });

  it('prints the graph as text that can be read back', () => {
    const model = importModel(goodModel('graph-int8-cv_mini_cnn'), cnn);
    expect(inspect(cnn, { ir: true })).toBe(printModel(model));
    expect(parseModel(inspect(cnn, { ir: true }), constantsOf(model))).toEqual(model);
  });

  it('lists what is unsupported, and has no graph for it', () => {
    const custom = join(fixtures, 'bad', 'custom_unknown.tflite');
    const text = inspect(custom, {});
    expect(text).toMatch(/#0 +CUSTOM \("MyVeryOwnOp"\) +NOT SUPPORTED/);
    expect(JSON.parse(inspect(custom, { json: true })).supported).toBe(false);
    expect(() => inspect(custom, { ir: true })).toThrow(InputError);
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
