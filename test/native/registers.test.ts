import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BLOB_FILE, generate } from '../../src/compiler/codegen/generate.ts';
import { parseTarget, type Target } from '../../src/compiler/targets/index.ts';
import { tasksOfGraph } from '../../src/compiler/templates/index.ts';
import { compileFlags, findCompiler, includeDirs, runTool } from '../../src/compiler/toolchain/index.ts';
import { innermostLoops } from '../../src/runtime/modelled/loops.ts';
import { type Form, type Layer, modelOfLayers } from './layers.ts';
import { cacheDir } from './run_layers.ts';

interface Loop {
  /** The function that it is in. */
  readonly symbol: string;
  readonly code: readonly string[];
}

/** The loops of the compiler's assembly that hold no other. */
function innerLoops(assembly: string): Loop[] {
  const labels = new Map<string, number>();
  const code: string[] = [];
  const symbols: string[] = [];
  const framed = new Set<string>();
  let symbol = '';
  for (const line of assembly.split('\n').map((text) => text.replace(/(\/\/|;).*/, '').trim())) {
    if (line.endsWith(':')) {
      labels.set(line.slice(0, -1), code.length);
      if (!line.startsWith('.')) symbol = line.slice(0, -1);
    } else if (/^[a-z]/.test(line)) {
      symbols.push(symbol);
      code.push(line);
      if (/^(mov|add)\s+x29, sp\b/.test(line)) framed.add(symbol);
    }
  }
  const edges = code.map((line, i) => {
    const [, branch, label] = /^(b\.?\w*|cbn?z|tbn?z)\s(?:.*\W)?(\.L\w+)$/.exec(line) ?? [];
    const next = /^(b|br|ret)\b(?!\.)/.test(line) || i + 1 === code.length ? [] : [i + 1];
    return branch === undefined ? next : [labels.get(label)!, ...next];
  });
  const loops = innermostLoops({ edges, counts: code.map(() => 1), called: new Set() });
  return loops.map((loop) => {
    const name = symbols[loop[0]];
    const lines = loop.map((i) => code[i]);
    return { symbol: name, code: framed.has(name) ? lines.map((line) => line.replace('[x29', '[FRAME')) : lines };
  });
}

const MULTIPLY = /^(fmla|smull2?|smlal2?|umlal2?|sdot|udot|smmla|ummla)\s/;
/** A vector register saved to the stack or loaded from it; x29 is another pointer where it is no frame. */
const STACK = /^(?:ld|st)\w*\s+(?:\{ ?)?[qdsv]\d.*\[(?:sp|FRAME)\b/;

const base = (form: Form): Layer => ({
  ...{ kind: 'nn.conv2d', form, input: [1, 1, 1, 1], outs: 1, groups: 1, kernel: [1, 1], strides: [1, 1] },
  ...{ dilation: [1, 1], padding: 'SAME', activation: 'RELU6', bias: true, perChannel: true, gain: 1, seed: 1 },
});

/** Layers between which the schedules' rules tell apart: heights and widths of tiles, edges, kernels, strides. */
function* layersOf(form: Form): Generator<Layer> {
  const layer = base(form);
  for (const rows of [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 49, 196]) {
    for (const outs of [1, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96]) {
      for (const depth of [256, 64]) {
        yield { ...layer, input: [1, 1, rows, depth], outs };
        if (rows < 8) yield { ...layer, kind: 'nn.dense', input: [1, rows, 1, depth], outs };
      }
    }
  }
  for (const outs of [8, 16, 32]) {
    yield { ...layer, input: [1, 14, 14, 3], outs, kernel: [3, 3], strides: [2, 2] };
    yield { ...layer, input: [1, 14, 14, 16], outs, kernel: [3, 3] };
  }
  for (const [kernel, step] of [1, 3, 5, 7].flatMap((k) => [1, 2, 3].map((s) => [k, s]))) {
    for (const width of [2, 3, 4, 7, 14].filter((w) => w >= kernel)) {
      const window = { kernel: [kernel, kernel], strides: [step, step] } as const;
      yield { ...layer, ...window, kind: 'nn.depthwise_conv2d', input: [1, width, width, 24] };
    }
  }
}

interface Instance {
  /** The template, the values of its knobs, and what else it is instantiated with. */
  readonly name: string;
  readonly layer: Layer;
}

/** A schedule but for its band, which is outside of the inner loops; loops in issue order leave it no register. */
const tileOf = (schedule: { readonly band?: number }, { core }: Target): object =>
  core.inOrder ? schedule : { ...schedule, band: undefined };

/** A layer for each default tile on a target. */
function instances(form: Form, target: Target): Instance[] {
  const found = new Map<string, Instance>();
  for (const layer of layersOf(form)) {
    const name = tasksOfGraph(modelOfLayers([layer]).model.subgraphs[0], { target, profile: 'tflite', threads: 1 })
      .map(({ template, schedule }) => `${template} ${Object.values(tileOf(schedule as object, target)).join(' ')}`)
      .concat(layer.kind === 'nn.depthwise_conv2d' ? `${layer.kernel.join('x')} by ${layer.strides.join('x')}` : [])
      .join(' ');
    if (!found.has(name)) found.set(name, { name, layer });
  }
  return [...found.values()];
}

const assemble = (layers: readonly Layer[], target: Target) =>
  generate(modelOfLayers(layers).model.subgraphs[0], {
    ...{ target, profile: 'tflite', name: 'layers', symbol: 'layers' },
  });

/** Stack traffic in loops that multiply, and how many of those there are. */
async function multiplyLoops(found: readonly Instance[], target: Target, family: 'gcc' | 'clang') {
  const compiler = await findCompiler(target, family);
  const code = assemble(
    found.map(({ layer }) => layer),
    target,
  );
  const cwd = join(cacheDir, `${target.name}-${family}`);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'model.c'), code.source);
  // The weights themselves do not matter here, and clang would spell them out.
  writeFileSync(join(cwd, BLOB_FILE), '');
  const includes = includeDirs().map((dir) => `-I${dir}`);
  const flags = compileFlags(compiler, target);
  await runTool(compiler.command, [...flags, ...includes, '-S', 'model.c', '-o', 'model.s'], { cwd });
  const loops = innerLoops(readFileSync(join(cwd, 'model.s'), 'utf8')).filter(
    ({ code: lines }) => lines.filter((line) => MULTIPLY.test(line)).length >= 8,
  );
  const nameOf = new Map(code.nodes.map(({ symbol }, i) => [symbol, found[i].name]));
  return loops.map((loop) => ({
    name: nameOf.get(loop.symbol.replace(/\..*/, ''))!,
    loads: loop.code.filter((line) => line.startsWith('ld') && STACK.test(line)).length,
    stores: loop.code.filter((line) => line.startsWith('st') && STACK.test(line)).length,
  }));
}

describe.each(['clang', 'gcc'] as const)('inner loops by %s keep their tile in registers', (family) => {
  test.each([
    ['cortex-a53', 'float32'],
    ['cortex-a53', 'int8'],
    ['cortex-a72', 'float32'],
    ['cortex-a72', 'int8'],
    ['cortex-a72', 'int8-full'],
    ['cortex-a72', 'uint8-offset'],
    ['neoverse-n1', 'float32'],
    ['neoverse-n1', 'int8'],
    ['neoverse-n1', 'uint8-full'],
    ['neoverse-n2', 'int8'],
    ['neoverse-n2', 'uint8-full'],
    ['neoverse-v2', 'float32'],
    ['neoverse-v2', 'int8'],
  ] as const)('%s, %s', async (name, form) => {
    const target = parseTarget(name);
    const found = instances(form, target);
    const loops = await multiplyLoops(found, target, family);
    expect(loops.length).toBeGreaterThanOrEqual(found.length / 2);
    // A window may have more weights than there are registers: they are read in each round, from wherever they are. What
    // is saved and loaded again is spilled.
    const spills = loops.filter(({ name: instance, loads, stores }) =>
      instance.startsWith('depthwise') ? loads > 0 && stores > 0 : loads + stores > 0,
    );
    expect(spills).toEqual([]);
  });
});
