// exp, tanh and their like on float32, by our own kernels and by the C library's functions: modelled cycles of both.
// node bench/kernels/transcendental.mjs [TARGET…]  after `npm run compile`; needs a cross compiler, QEMU with plugins and llvm-mc.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../build/js/compiler/codegen/generate.js';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { compileModelSource } from '../../build/js/compiler/toolchain/index.js';
import { linkRunner } from '../../build/js/runtime/devices/image.js';
import { operatorCosts } from '../../build/js/runtime/measure.js';
import { measureModelled, modelledCpu } from '../../build/js/runtime/modelled/index.js';

const COUNT = 4000;
/** Operators, and what the C library has for the kernels' functions. */
const KINDS = { exp: {}, 'nn.elu': {}, tanh: {}, sigmoid: {}, 'nn.gelu': { approximate: true } };
const SIGMOID = '(x > 16.619047f ? 1.0f : x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x)))';
const LIBRARY = [
  ['ig_exp_f32(x)', 'expf(x)'],
  ['ig_expm1_f32(x)', 'expm1f(x)'],
  ['ig_tanh_f32(x)', 'tanhf(x)'],
  ['ig_sigmoid_f32(x)', SIGMOID],
  ['ig_gelu_tanh_f32(x)', '0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)))'],
];

function graphOf(kind) {
  const tensor = { name: '', dtype: 'float32', shape: [COUNT], quantization: null, data: null };
  // Values from -5 to 5: the library's functions take a way that depends on them.
  const data = Float32Array.from({ length: COUNT }, (_, i) => 10 * ((i * 0.618) % 1) - 5);
  const node = { kind, attrs: KINDS[kind], inputs: [0], outputs: [1], source: 0 };
  return { name: 'f', tensors: [{ ...tensor, data }, tensor], nodes: [node], inputs: [], outputs: [1] };
}

async function cyclesOf(code, options, cacheDir) {
  const { archive } = await compileModelSource(code, options.target, { cacheDir });
  const build = { ...code, ...options, archive };
  const cpu = modelledCpu(options.target);
  const costs = operatorCosts(build, await measureModelled(await linkRunner([build], { cacheDir }), 0, cpu), cpu);
  return costs.reduce((sum, { cycles }) => sum + cycles, 0) / COUNT;
}

const figure = (cycles) => cycles.toFixed(1).padStart(8);

const named = process.argv.slice(2);
const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-transcendental-'));
try {
  for (const name of named.length > 0 ? named : ['cortex-a53', 'cortex-a72', 'neoverse-n1']) {
    console.log(`${`cycles an element on ${name}`.padEnd(32)} library     ours`);
    for (const kind of Object.keys(KINDS)) {
      const options = { target: parseTarget(name), profile: 'tflite', name: 'f', symbol: 'f' };
      const ours = generate(graphOf(kind), options);
      const source = LIBRARY.reduce((text, [own, library]) => text.replace(own, library), ours.source);
      if (source === ours.source) throw new Error(`${kind} has nothing to replace`);
      const [library, own] = [
        await cyclesOf({ ...ours, source }, options, cacheDir),
        await cyclesOf(ours, options, cacheDir),
      ];
      console.log(`  ${kind.padEnd(29)} ${figure(library)} ${figure(own)} ${(library / own).toFixed(1).padStart(5)}x`);
    }
  }
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
