// exp, tanh and their like on float32, by our own kernels and by the C library's functions: modelled cycles of both.
// node bench/kernels/transcendental.mjs [TARGET…]  after `npm run compile`; needs a cross compiler and QEMU.
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { costsOf, cyclesOf } from './costs.mjs';

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

const byLibrary = (source) => {
  const edited = LIBRARY.reduce((text, [own, library]) => text.replace(own, library), source);
  if (edited === source) throw new Error('there is nothing to replace');
  return edited;
};

const figure = (cycles) => cycles.toFixed(1).padStart(8);

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : ['cortex-a53', 'cortex-a72', 'neoverse-n1']) {
  const [kinds, target] = [Object.keys(KINDS), parseTarget(name)];
  const [library, ours] = [
    await costsOf(kinds.map(graphOf), target, byLibrary),
    await costsOf(kinds.map(graphOf), target),
  ].map((costs) => costs.map((list) => cyclesOf(list) / COUNT));
  console.log(`${`cycles an element on ${name}`.padEnd(32)} library     ours`);
  kinds.forEach((kind, i) => {
    const ratio = (library[i] / ours[i]).toFixed(1).padStart(5);
    console.log(`  ${kind.padEnd(29)} ${figure(library[i])} ${figure(ours[i])} ${ratio}x`);
  });
}
