import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { register as build } from '../../src/cli/commands/build.ts';
import { register as run } from '../../src/cli/commands/run.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { findCompiler } from '../../src/compiler/toolchain/index.ts';
import { InputError } from '../../src/errors.ts';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { parseNpy, writeNpy } from '../../src/model/tensor/npy.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import { importModel } from '../../src/model/tflite/importer.ts';
import { writeModel } from '../../src/model/tflite/writer.ts';
import { findQemu } from '../../src/runtime/devices/open.ts';
import { tensor } from './operators.ts';
import { cacheDir, modelOf } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-package-'));
process.env.INT8_GATE_CACHE = cacheDir;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const q = perTensor(0.1, -5);
/** A convolution, an average and a softmax: enough to need weights, scratch memory and the arena. */
const graph: Graph = {
  name: 'kws',
  tensors: [
    { ...tensor('int8', [1, 6, 5, 3], q), name: 'audio/in:0' },
    {
      ...tensor(
        'int8',
        [4, 3, 3, 3],
        perTensor(0.02, 0),
        Int8Array.from({ length: 108 }, (_, i) => ((i * 37) % 255) - 127),
      ),
      name: 'w',
    },
    { ...tensor('int8', [1, 6, 5, 4], perTensor(0.3, 2)), name: 'conv' },
    { ...tensor('int8', [1, 2, 2, 4], perTensor(0.3, 2)), name: 'pool' },
    { ...tensor('int8', [1, 2, 2, 4], perTensor(1 / 256, -128)), name: 'scores' },
  ],
  nodes: [
    {
      kind: 'nn.conv2d',
      attrs: { padding: 'SAME', strides: [1, 1], dilation: [1, 1], activation: 'RELU' },
      inputs: [0, 1],
      outputs: [2],
      source: 0,
    },
    {
      kind: 'nn.avg_pool2d',
      attrs: { padding: 'VALID', strides: [3, 2], pool: [3, 3], activation: 'NONE' },
      inputs: [2],
      outputs: [3],
      source: 1,
    },
    { kind: 'nn.softmax', attrs: { beta: 1 }, inputs: [3], outputs: [4], source: 2 },
  ] as Node[],
  inputs: [0],
  outputs: [4],
};
const bytes = writeModel(modelOf(graph));
const file = join(folder, 'kws.tflite');
writeFileSync(file, bytes);
const expected = (input: Int8Array) => interpret(importModel(bytes, file), [input])[0] as Int8Array;

/** Runs a command in this process; errors come out as they are thrown. */
async function command(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  build(program);
  run(program);
  await program.parseAsync(['node', 'int8-gate', ...args]);
}

const program = /```c\n(.*?)```/s.exec(readFileSync(join(import.meta.dirname, '../../docs/embedding.md'), 'utf8'))![1];

describe.each(['host', 'aarch64+dotprod'])('a build for %s', (target) => {
  const out = join(folder, target);

  test('has a library, headers and a manifest', async () => {
    await command('build', file, '--target', target, '-o', out);
    expect(readdirSync(out).sort()).toEqual(['int8_gate.h', 'kws.a', 'kws.h', 'kws.so', 'manifest.json']);
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      schema: 'int8-gate/manifest@1',
      name: 'kws',
      symbol: 'int8_gate_model_kws',
      model: { sha256: createHash('sha256').update(bytes).digest('hex') },
      target: { name: target },
      profile: 'tflite',
      inputs: [
        { name: 'audio/in:0', dtype: 'int8', shape: [1, 6, 5, 3], bytes: 90, quantization: { zeroPoints: [-5] } },
      ],
      outputs: [{ name: 'scores', dtype: 'int8', shape: [1, 2, 2, 4], bytes: 16 }],
      macs: 30 * 4 * 27,
    });
    expect(manifest.threads).toBe(1);
    expect(manifest.arena.bytes % manifest.arena.align).toBe(0);
  });

  test('is run by the program in docs/embedding.md, statically and dynamically linked', async () => {
    const compiler = await findCompiler(parseTarget(target));
    const emulate = target !== 'host' && process.arch !== 'arm64';
    writeFileSync(join(out, 'main.c'), program);
    const want = [...expected(new Int8Array(90))].join('\n');
    for (const [name, link] of [
      ['static', ['-static', 'kws.a']],
      ['shared', ['kws.so', '-Wl,-rpath,$ORIGIN']],
    ] as const) {
      const flags = [...compiler.args, ...compiler.linkArgs, '-std=c11', '-Wall', '-Wextra', '-Werror', '-pedantic'];
      execFileSync(compiler.command, [...flags, 'main.c', ...link, '-lm', '-o', name], { cwd: out });
      const words = emulate
        ? [findQemu(), '-L', '/usr/aarch64-linux-gnu', '-cpu', 'max,sve=off', `./${name}`]
        : [`./${name}`];
      expect(execFileSync(words[0], words.slice(1), { cwd: out, encoding: 'utf8' }).trim()).toBe(want);
    }
  });

  test('computes with `run` what the operators define, from .npy and raw files', async () => {
    const data = Int8Array.from({ length: 90 }, (_, i) => ((i * 91) % 256) - 128);
    writeFileSync(join(folder, 'in.bin'), data);
    writeFileSync(join(folder, 'in.npy'), writeNpy({ dtype: 'int8', shape: [1, 6, 5, 3], data }));
    for (const input of ['in.bin', 'in.npy']) {
      const results = join(folder, `${target}-${input}`);
      await command(
        'run',
        file,
        '--target',
        target,
        '--input',
        `audio/in:0=${join(folder, input)}`,
        '-o',
        results,
        '--dump-all',
      );
      expect(readdirSync(results).sort()).toEqual(['scores.npy', 'tensors']);
      expect(readdirSync(join(results, 'tensors'))).toHaveLength(3);
      const scores = parseNpy(readFileSync(join(results, 'scores.npy')), 'scores.npy');
      expect(scores).toEqual({ dtype: 'int8', shape: [1, 2, 2, 4], data: expected(data) });
    }
  });
});

test('inputs that are absent, unknown, twice there or of another form are refused, and nothing is written', async () => {
  writeFileSync(join(folder, 'short.bin'), new Uint8Array(89));
  writeFileSync(join(folder, 'ok.bin'), new Uint8Array(90));
  writeFileSync(
    join(folder, 'float.npy'),
    writeNpy({ dtype: 'float32', shape: [1, 6, 5, 3], data: new Float32Array(90) }),
  );
  const out = join(folder, 'refused');
  const attempt = (...inputs: string[]) =>
    command('run', file, '--target', 'host', ...inputs.flatMap((i) => ['--input', i]), '-o', out);
  const at = (name: string) => `audio/in:0=${join(folder, name)}`;
  await expect(attempt()).rejects.toThrow(/input "audio\/in:0" is missing[\s\S]*int8 \[1, 6, 5, 3\]/);
  await expect(attempt('x=y')).rejects.toThrow(/names no input/);
  await expect(attempt(at('ok.bin'), at('ok.bin'))).rejects.toThrow(/given twice/);
  await expect(attempt(at('short.bin'))).rejects.toThrow(/holds 89 bytes[\s\S]*90 bytes/);
  await expect(attempt(at('float.npy'))).rejects.toThrow(/holds float32/);
  await expect(attempt(at('none.bin'))).rejects.toThrow(InputError);
  for (const count of ['0', '65', '2.5', 'all'])
    await expect(command('build', file, '--target', 'host', '--threads', count, '-o', out)).rejects.toThrow(
      /--threads .*: give a number from 1 to 64/,
    );
  await expect(command('build', file, '--target', 'z80', '-o', out)).rejects.toThrow(/there is no target "z80"/);
  const native = command('build', file, '--target', 'native', '-o', join(folder, 'native'));
  if (process.arch === 'arm64') await native;
  else await expect(native).rejects.toThrow(/this machine is not ARM64/);
  mkdirSync(join(folder, 'a'), { recursive: true });
  writeFileSync(join(folder, 'a', 'file'), '');
  await expect(command('build', file, '--target', 'host', '-o', join(folder, 'a', 'file'))).rejects.toThrow(
    /cannot write/,
  );
  expect(readdirSync(folder)).not.toContain('refused');
});

describe('options of a build', () => {
  const vector = (name: string): Graph['tensors'][number] => ({ ...tensor('int8', [4], q), name });
  const out = join(folder, 'options');
  const manifestOf = (): { profile: string; inputs: object[]; outputs: object[] } =>
    JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));

  test('--profile: the rounding is in the manifest, and a build of another one gives other values', async () => {
    // x · 2 · 0.25 ends on a half.
    const factor = { ...vector('f'), quantization: perTensor(0.25, 0), data: Int8Array.of(2, 2, 2, 2) };
    const product = { ...vector('y'), quantization: perTensor(0.1, 0) };
    const kws: Graph = {
      name: 'half',
      tensors: [{ ...vector('x'), quantization: perTensor(0.1, 0) }, factor, product],
      nodes: [{ kind: 'multiply', attrs: { activation: 'NONE' }, inputs: [0, 1], outputs: [2], source: 0 }],
      inputs: [0],
      outputs: [2],
    };
    const path = join(folder, 'half.tflite');
    writeFileSync(path, writeModel(modelOf(kws)));
    writeFileSync(join(folder, 'half.bin'), Int8Array.of(-5, -3, 3, 5));
    const results: Record<string, number[]> = {};
    for (const profile of ['tflite', 'single']) {
      await command('build', path, '--target', 'host', '--profile', profile, '-o', out);
      expect(manifestOf().profile).toBe(profile);
      const input = `x=${join(folder, 'half.bin')}`;
      await command('run', path, '--target', 'host', '--profile', profile, '--input', input, '-o', out);
      results[profile] = Array.from(parseNpy(readFileSync(join(out, 'y.npy')), 'y').data as Int8Array);
    }
    // Halves away from zero, and halves up.
    expect(results).toEqual({ tflite: [-3, -2, 2, 3], single: [-2, -1, 2, 3] });
  });

  test('--signature: ports have its names', async () => {
    const negate = (name: string): Graph => ({
      name,
      tensors: [vector('a'), vector('b')],
      nodes: [{ kind: 'reshape', attrs: { newShape: [4] }, inputs: [0], outputs: [1], source: 0 }],
      inputs: [0],
      outputs: [1],
    });
    const model = {
      ...modelOf(negate('main')),
      subgraphs: [negate('main'), negate('other')],
      signatures: [
        {
          ...{ key: 'serve', subgraph: 1, inputs: [{ name: 'image', tensor: 0 }] },
          outputs: [{ name: 'scores', tensor: 1 }],
        },
      ],
    };
    const path = join(folder, 'two.tflite');
    writeFileSync(path, writeModel(model));
    await command('build', path, '--target', 'host', '--signature', 'serve', '-o', out);
    expect(manifestOf()).toMatchObject({ inputs: [{ name: 'image' }], outputs: [{ name: 'scores' }] });
    await expect(command('build', path, '--target', 'host', '--signature', 'x', '-o', out)).rejects.toThrow(/"serve"/);
  });

  test('--bind: shapes follow from the value, which `run` takes from its inputs', async () => {
    const fill: Graph = {
      name: 'fill',
      tensors: [
        { ...tensor('int32', [2], null), name: 'shape' },
        { ...tensor('float32', [], null), name: 'value' },
        { ...tensor('float32', [1, 1], null), name: 'y' },
      ],
      nodes: [{ kind: 'full', attrs: {}, inputs: [0, 1], outputs: [2], source: 0 }],
      inputs: [0, 1],
      outputs: [2],
    };
    const path = join(folder, 'fill.tflite');
    writeFileSync(path, writeModel(modelOf(fill)));
    const attempt = (...args: string[]) => command('build', path, '--target', 'host', '-o', out, ...args);
    await attempt('--bind', 'shape=2,3');
    expect(manifestOf()).toMatchObject({
      inputs: [{ name: 'shape', bound: [2, 3] }, { name: 'value' }],
      outputs: [{ shape: [2, 3] }],
    });
    await expect(attempt()).rejects.toThrow(/--bind/);
    await expect(attempt('--bind', 'shape=2')).rejects.toThrow(/takes int32 \[2\]/);
    await expect(attempt('--bind', 'shape=2,x')).rejects.toThrow(/takes int32 \[2\]/);
    await expect(attempt('--bind', 'shape=2,1.5')).rejects.toThrow(/1.5 is no int32/);
    await expect(attempt('--bind', 'size=2,3')).rejects.toThrow(/names no input.*shape, value/);
    writeFileSync(join(folder, 'shape.npy'), writeNpy({ dtype: 'int32', shape: [2], data: Int32Array.of(1, 4) }));
    writeFileSync(join(folder, 'value.npy'), writeNpy({ dtype: 'float32', shape: [], data: Float32Array.of(1.5) }));
    const inputs = ['shape', 'value'].flatMap((name) => ['--input', `${name}=${join(folder, name)}.npy`]);
    await command('run', path, '--target', 'host', ...inputs, '-o', out);
    const { shape, data } = parseNpy(readFileSync(join(out, 'y.npy')), 'y');
    expect({ shape, data }).toEqual({ shape: [1, 4], data: new Float32Array(4).fill(1.5) });
  });
});
