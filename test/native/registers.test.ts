import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BLOB_FILE, generate } from '../../src/compiler/codegen/generate.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { compileFlags, findCompiler, includeDirs, runTool } from '../../src/compiler/toolchain/index.ts';
import { type Form, type Layer, modelOfLayers } from './layers.ts';
import { cacheDir } from './run_layers.ts';

/** A loop of the compiler's assembly that holds no other: its lines. */
function innerLoops(assembly: string): string[][] {
  const lines = assembly.split('\n').map((line) => line.replace(/(\/\/|;).*/, '').trim());
  const labels = new Map(lines.flatMap((line, i) => (/^[.\w]+:$/.test(line) ? [[line.slice(0, -1), i]] : [])));
  const loops = lines.flatMap((line, end) => {
    const target = /^(?:b\.?\w*|cbn?z|tbn?z)\s.*?(\.L\w+)$/.exec(line)?.[1];
    const start = target === undefined ? undefined : labels.get(target);
    return start !== undefined && start < end ? [[start, end] as const] : [];
  });
  const inner = loops.filter(([s, e]) => !loops.some(([s2, e2]) => s2 >= s && e2 <= e && (s2 !== s || e2 !== e)));
  return inner.map(([s, e]) => lines.slice(s, e + 1));
}

const MULTIPLY = /^(fmla|smull2?|smlal2?|umlal2?|sdot|udot|smmla|ummla)\s/;
const STACK = /\[sp\b|\[x29\b/;

/** Loops that multiply, each as its multiplications and the stack traffic in it. */
async function multiplyLoops(layers: readonly Layer[], targetName: string, family: 'gcc' | 'clang') {
  const target = parseTarget(targetName);
  const compiler = await findCompiler(target, family);
  const { model } = modelOfLayers(layers);
  const code = generate(model.subgraphs[0], { target, profile: 'tflite', name: 'layers', symbol: 'layers' });
  const cwd = join(cacheDir, `${targetName}-${family}`);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'model.c'), code.source);
  // The weights themselves do not matter here, and clang would spell them out.
  writeFileSync(join(cwd, BLOB_FILE), '');
  const includes = includeDirs().map((dir) => `-I${dir}`);
  const flags = compileFlags(compiler, target);
  const { stdout } = await runTool(compiler.command, [...flags, ...includes, '-S', 'model.c', '-o', '-'], { cwd });
  return innerLoops(stdout)
    .map((lines) => ({
      multiplications: lines.filter((line) => MULTIPLY.test(line)).length,
      stack: lines.filter((line) => STACK.test(line)),
    }))
    .filter(({ multiplications }) => multiplications >= 8);
}

const pointwise = (form: Form, size: number, channels: number): Layer => ({
  ...{ kind: 'nn.conv2d', form, input: [1, size, size, channels], outs: channels, groups: 1 },
  ...{ kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: 'SAME', activation: 'RELU6' },
  ...{ bias: true, perChannel: true, gain: 1, seed: 1 },
});
const shapes = (form: Form): Layer[] => [
  pointwise(form, 28, 64),
  pointwise(form, 7, 256),
  { ...pointwise(form, 14, 32), kernel: [3, 3] },
  { ...pointwise(form, 14, 64), kind: 'nn.depthwise_conv2d', kernel: [3, 3], outs: 1 },
  { ...pointwise(form, 1, 256), kind: 'nn.dense' },
];

describe.each(['clang', 'gcc'] as const)('inner loops by %s keep their tile in registers', (family) => {
  test.each([
    ['aarch64', 'float32'],
    ['aarch64', 'int8'],
    ['aarch64', 'int8-full'],
    ['aarch64', 'uint8-offset'],
    ['cortex-a53', 'float32'],
    ['cortex-a53', 'int8'],
    ['cortex-a53', 'uint8-offset'],
    ['aarch64+dotprod', 'int8'],
    ['aarch64+dotprod', 'uint8-offset'],
    ['aarch64+dotprod+i8mm', 'int8'],
    ['aarch64+dotprod+i8mm', 'uint8-offset'],
  ] as const)('%s, %s', async (target, form) => {
    const loops = await multiplyLoops(shapes(form), target, family);
    expect(loops.length).toBeGreaterThanOrEqual(5);
    expect(loops.flatMap(({ stack }) => stack)).toEqual([]);
  });
});
