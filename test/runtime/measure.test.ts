import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { register } from '../../src/cli/commands/measure.ts';
import { EnvironmentError, InputError } from '../../src/errors.ts';
import { type ModelledMeasurement, sound } from '../../src/runtime/measure.ts';
import { root, testFolder } from './helpers.ts';

const folder = testFolder();
const example = (file: string) => join(root, 'examples', file);
const shapes = example('shapes/shapes_int8.tflite');

/** Runs `int8-gate measure` in this process; the result is what it prints. */
async function run(...args: string[]): Promise<string> {
  let printed = '';
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
  const program = new Command().exitOverride();
  register(program);
  await program.parseAsync(['node', 'int8-gate', 'measure', ...args]);
  return printed;
}

afterEach(() => vi.restoreAllMocks());

const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('figures that cannot be', () => {
  const figure = (median: number) => ({ median, low: median, high: median, instructions: 1, lines: 0 });
  const good: ModelledMeasurement & { readonly compiler: string } = {
    ...{ mode: 'modelled', unit: 'cycles', cpu: 'cortex-a72', version: 2, base: null, estimate: null, perOp: [] },
    ...{ compiler: 'clang 19.1.7', disassembler: 'Capstone 5.0.9' },
    ...{ int8: figure(100), fp32: figure(200) },
    ...{ speedup: 2, interval: [2, 2] },
  };

  test('are none of these', () => expect(sound(good)).toBe(good));

  test.each([
    [{ int8: figure(0), speedup: Number.POSITIVE_INFINITY }, /INT8 cycles: 0, speedup: Infinity/],
    [{ fp32: figure(0), speedup: 0 }, /FP32 cycles: 0, speedup: 0/],
    [{ int8: figure(-5) }, /INT8 cycles: -5/],
    [{ int8: figure(Number.NaN) }, /INT8 cycles: NaN/],
    [{ base: figure(Number.POSITIVE_INFINITY) }, /merge base cycles: Infinity/],
    [{ interval: [0, 2] as const }, /lower bound of the speedup: 0/],
    [{ interval: [1, Number.POSITIVE_INFINITY] as const }, /upper bound of the speedup: Infinity/],
  ])('%j', (change, words) => {
    expect(() => sound({ ...good, ...change })).toThrow(EnvironmentError);
    expect(() => sound({ ...good, ...change })).toThrow(words);
  });
});

describe('int8-gate measure', () => {
  test('models cycles where there is no ARM64 hardware for them', async () => {
    const fp32 = example('shapes/shapes_fp32.tflite');
    const printed = await run(
      ...[shapes, '--fp32', fp32, '--target', 'cortex-a72', '--measure', 'modelled'],
      ...['--per-op', '--json', join(folder, 'a72.json')],
    );
    expect(printed).toMatch(
      /^shapes_int8 on cortex-a72: modelled cycles of cortex-a72, not a time \(table 4, Capstone 5\.0\.9, (clang|gcc) [\d.]+\)/,
    );
    expect(printed).toMatch(/speedup \d+\.\d\dx/);
    expect(printed).not.toMatch(/ (ms|µs|ns)\b/);
    const result = json('a72.json');
    expect(result).toMatchObject({
      target: 'cortex-a72',
      mode: 'modelled',
      unit: 'cycles',
      cpu: 'cortex-a72',
      version: 4,
      disassembler: 'Capstone 5.0.9',
      compiler: expect.stringMatching(/^(clang|gcc) \d+\.[\d.]+$/),
    });
    expect(result.speedup).toBeCloseTo(result.fp32.median / result.int8.median, 9);
    const { speedup, interval, int8, fp32: float } = result;
    // 56 pairs of networks on boards: up to 25 % off, and for small networks what the model itself leaves open.
    expect(interval[0]).toBeCloseTo(Math.min(0.75 * speedup, float.low / int8.high), 9);
    expect(interval[1]).toBeCloseTo(Math.max(speedup / 0.75, float.high / int8.low), 9);
    for (const [build, figure] of [
      ['INT8', result.int8],
      ['FP32', result.fp32],
    ]) {
      const own = result.perOp.filter((op: { build: string }) => op.build === build);
      const sum = (field: string) => own.reduce((total: number, op: Record<string, number>) => total + op[field], 0);
      expect(sum('cycles') / figure.median).toBeCloseTo(1, 6);
      expect(sum('instructions')).toBe(figure.instructions);
      expect(sum('lines')).toBe(figure.lines);
      // Nearly all of it is spent inside operators.
      expect(own.find((op: { op: unknown }) => op.op === null).cycles / figure.median).toBeLessThan(0.2);
    }
  });

  test('takes the dequantized twin where there is no FP32 model, and dot products where the target has them', async () => {
    const speedups = [];
    for (const target of ['aarch64', 'aarch64+dotprod']) {
      await run(shapes, '--target', target, '--measure', 'modelled', '--json', join(folder, 'level.json'));
      const { cpu, speedup, perOp } = json('level.json');
      expect(perOp).toBeUndefined();
      speedups.push([cpu, speedup]);
    }
    expect(speedups.map(([cpu]) => cpu)).toEqual(['cortex-a72', 'neoverse-n1']);
    expect(speedups[1][1]).toBeGreaterThan(speedups[0][1]);
  });

  test('estimates times for a board, and calls them estimates', async () => {
    const args = [shapes, '--target', 'raspberry-pi-5', '--threads', '4', '--json', join(folder, 'board.json')];
    const printed = await run(...args);
    expect(printed).toMatch(/estimated times on Raspberry Pi 5, 4 threads; nothing was measured/);
    const { mode, unit, cpu, estimate, int8 } = json('board.json');
    expect([mode, unit, cpu]).toEqual(['modelled', 'cycles', 'cortex-a76']);
    expect(estimate).toMatchObject({ board: 'raspberry-pi-5', threads: 4 });
    // 2.4 GHz, four cores, 12.9 GB/s.
    expect(estimate.int8.ns).toBeCloseTo(int8.median / 2.4 / 4 + int8.lines * (64 / 12.9), 6);
    expect(estimate.int8.interval[0]).toBeLessThan(estimate.int8.ns);
    expect(estimate.int8.interval[1]).toBeGreaterThan(estimate.int8.ns);
  });

  test('measures on samples, and reads them as check does', async () => {
    const pictures = example('shapes/data/*.png');
    const args = [shapes, '--target', 'cortex-a72', '--measure', 'modelled', '--json', join(folder, 'data.json')];
    await run(...args, '--input', `#0=${pictures}`);
    const onData = json('data.json');
    await run(...args);
    // Nothing in this model depends on the data.
    expect(onData.int8.instructions).toBe(json('data.json').int8.instructions);
    await expect(run(...args, '--input', `x=${pictures}`)).rejects.toThrow(
      /names no input of the model, which has #0 or/,
    );
    await expect(run(...args, '--input', '#0=nothing.png')).rejects.toThrow(InputError);
  });

  test('times the portable build on this machine', async () => {
    const printed = await run(shapes, '--target', 'host', '--json', join(folder, 'host.json'));
    expect(printed).toMatch(/times on this machine/);
    expect(printed).toMatch(/no NEON build/);
    const result = json('host.json');
    expect(result).toMatchObject({ target: 'host', mode: 'hardware', unit: 'ns', machine: { arch: process.arch } });
    expect(result.interval[0]).toBeLessThanOrEqual(result.speedup);
    expect(result.int8.median).toBeGreaterThan(0);
  });

  test.each([
    [['missing.tflite', '--target', 'host'], /missing.tflite: no such file/],
    [[shapes, '--target', 'cortex-a1000'], /there is no target "cortex-a1000"/],
    [[shapes, '--target', 'host', '--per-op'], /--per-op splits modelled cycles/],
    [[shapes, '--target', 'cortex-a72', '--measure', 'modelled', '--threads', '2'], /cycles are those of one thread/],
    [[shapes, '--target', 'host', '--measure', 'modelled'], /cannot be modelled for target host/],
    [[shapes, '--fp32', example('tones/tones_fp32.tflite'), '--target', 'host'], /the FP32 model takes inputs of \[/],
  ])('refuses %j', async (args, message) => {
    const file = join(folder, 'refused.json');
    const refused = run(...args, '--json', file);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
    expect(existsSync(file)).toBe(false);
  });

  test('an unknown mode is a usage error', async () => {
    await expect(run(shapes, '--target', 'host', '--measure', 'guess')).rejects.toMatchObject({ exitCode: 1 });
  });
});
