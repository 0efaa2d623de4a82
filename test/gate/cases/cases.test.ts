import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { type GoldenCase, parseCases } from '../../../src/gate/cases/case.ts';
import { compare } from '../../../src/gate/cases/compare.ts';
import { runCases } from '../../../src/gate/cases/run.ts';
import { summaryOf, summaryTable } from '../../../src/gate/cases/summary.ts';
import type { Engine } from '../../../src/gate/engines/engine.ts';
import { interpreterEngine } from '../../../src/gate/engines/interpreter.ts';

const folder = join(import.meta.dirname, '../../fixtures/cases');
const read = (file: string) => readFile(join(folder, file));
const all = parseCases(await readFile(join(folder, 'cases.jsonl'), 'utf8'), 'cases.jsonl');
const named = (name: string): GoldenCase => all.find((c) => c.name === name)!;

describe('parseCases', () => {
  const line = JSON.stringify({ name: 'a', op: 'ADD', form: 'int8', model: 'a.tflite', inputs: [], outputs: [] });

  it('takes the first inputs and outputs as the only set where there are no sets', () => {
    const [c] = parseCases(`${line}\n\n`, 'f');
    expect(c).toMatchObject({ sets: [{ inputs: [], outputs: [] }], tolerance: null, stateful: false });
  });

  it('prefers the tight tolerance', () => {
    const c = { ...JSON.parse(line), float_tolerance: { abs: 1, rel: 1 }, float_tolerance_tight: { abs: 0, rel: 0 } };
    expect(parseCases(JSON.stringify(c), 'f')[0].tolerance).toEqual({ abs: 0, rel: 0 });
  });

  it.each([
    ['', 'holds no cases'],
    [`${line}\n{`, 'f:2: not a JSON object'],
    [`${line}\n{"name": 5}`, 'f:2: name'],
    ['null', 'f:1: the case'],
  ])('refuses %j', (text, message) => {
    expect(() => parseCases(text, 'f')).toThrow(InputError);
    expect(() => parseCases(text, 'f')).toThrow(message);
  });
});

describe('compare', () => {
  const tolerance = { abs: 0.1, rel: 0 };

  it('wants integers equal, whatever the tolerance', () => {
    expect(compare(Int8Array.of(1, 2, 4), Int8Array.of(1, 3, 2), 'int8', tolerance)).toEqual({
      differing: 2,
      total: 3,
      maxAbs: 2,
    });
  });

  it('tells int64 apart that are equal as doubles', () => {
    const [a, b] = [BigInt64Array.of(2n ** 60n), BigInt64Array.of(2n ** 60n + 1n)];
    expect(compare(a, b, 'int64', null)).toEqual({ differing: 1, total: 1, maxAbs: 1 });
  });

  it('lets floats be off by the tolerance', () => {
    const [a, b] = [Float32Array.of(1, 2), Float32Array.of(1.05, 2.2)];
    expect(compare(a, b, 'float32', tolerance).differing).toBe(1);
    expect(compare(a, b, 'float32', null).differing).toBe(2);
    expect(compare(a, b, 'float32', { abs: 0, rel: 0.2 }).differing).toBe(0);
  });

  it('takes NaN for NaN and an infinity for itself only', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const same = Float32Array.of(nan, inf, -inf, 0);
    expect(compare(same, Float32Array.of(nan, inf, -inf, -0), 'float32', tolerance).differing).toBe(0);
    const result = compare(Float32Array.of(nan, inf, 1), Float32Array.of(1, -inf, nan), 'float32', tolerance);
    expect(result).toEqual({ differing: 3, total: 3, maxAbs: inf });
  });

  it('compares half precision by value', () => {
    expect(compare(Uint16Array.of(0x3c01), Uint16Array.of(0x3c00), 'float16', { abs: 0.001, rel: 0 }).differing).toBe(
      0,
    );
    expect(compare(Uint16Array.of(0x8000), Uint16Array.of(0), 'float16', null).differing).toBe(0);
  });

  it('counts missing elements', () => {
    expect(compare(Int8Array.of(1), Int8Array.of(1, 2, 3), 'int8', null)).toMatchObject({ differing: 2, total: 3 });
  });
});

describe('runCases', () => {
  it('runs sets whose inputs differ in shape', async () => {
    const c = named('graph-float32-dynshape');
    expect(c.sets.length).toBeGreaterThan(1);
    const [result] = await runCases([c], interpreterEngine, read);
    expect(result).toMatchObject({ name: c.name, passed: true, differing: 0 });
  });

  it('says how much differs when an answer is wrong', async () => {
    const c = named('add-int8-b');
    const set = c.sets[0];
    const swapped = { ...c, sets: [{ ...set, outputs: [{ ...set.outputs[0], file: set.inputs[0].file }] }] };
    const [result] = await runCases([swapped], interpreterEngine, read);
    expect(result.passed).toBe(false);
    expect(result.differing).toBeGreaterThan(0);
    expect(summaryOf([result]).failed[0]).toMatchObject({
      name: c.name,
      op: 'ADD',
      form: 'int8',
      total: result.total,
    });
  });

  it('accepts the other answer where a case has one', async () => {
    const c = named('add-int8-b');
    const set = c.sets[0];
    const [right] = set.outputs;
    const outputs = [{ ...right, file: set.inputs[0].file, optimized_file: right.file }];
    const [result] = await runCases([{ ...c, sets: [{ ...set, outputs }] }], interpreterEngine, read);
    expect(result.passed).toBe(true);
  });

  it('makes a case with a broken model fail, and runs the others', async () => {
    const c = named('add-int8-b');
    const bad = { ...c, name: 'bad', model: c.sets[0].inputs[0].file };
    const results = await runCases([bad, c], interpreterEngine, read);
    expect(results.map((r) => r.passed)).toEqual([false, true]);
    expect(results[0].error).toContain(bad.model);
  });

  it('prepares models in batches, each once', async () => {
    const batches: number[] = [];
    const batched: Engine = {
      ...interpreterEngine,
      batch: 3,
      prepare: async (sources) => {
        batches.push(sources.length);
        return interpreterEngine.prepare(sources);
      },
    };
    const cases = [named('add-int8-b'), named('add-int8-b'), ...all.slice(0, 4)];
    const results = await runCases(cases, batched, read);
    expect(results.every((r) => r.passed)).toBe(true);
    expect(results.map((r) => r.name)).toEqual(cases.map((c) => c.name));
    expect(batches).toEqual([3, 2]);
  });
});

describe('summaryTable', () => {
  it('counts per operator and form', () => {
    const row = { name: 'n', differing: 0, total: 1, maxAbs: 0 };
    const table = summaryTable([
      { ...row, op: 'ADD', form: 'int8', passed: true },
      { ...row, op: 'ADD', form: 'int8', passed: false },
      { ...row, op: 'MUL', form: 'float32', passed: true },
    ]);
    expect(table.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['operator', 'float32', 'int8', 'all'],
      ['ADD', '1/2', '1/2'],
      ['MUL', '1/1', '1/1'],
      ['all', '1/1', '1/2', '2/3'],
    ]);
  });
});
