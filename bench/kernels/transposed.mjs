// Transposed convolutions as they are and as the compiler lowers them to convolutions: modelled cycles of both.
// node bench/kernels/transposed.mjs [TARGET…]      after `npm run compile`; needs a cross compiler and QEMU.
import { lowerTransposed } from '../../build/js/compiler/passes/lower_transposed.js';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { costsOf, cyclesOf } from './costs.mjs';

/** [height, width, input channels, output channels, kernel, strides]: decoders of images, and of sound (one row). */
const LAYERS = [
  [16, 16, 64, 32, [2, 2], [2, 2]],
  [16, 16, 64, 32, [3, 3], [2, 2]],
  [16, 16, 64, 32, [4, 4], [2, 2]],
  [16, 16, 64, 32, [5, 5], [2, 2]],
  [16, 16, 64, 32, [3, 3], [1, 1]],
  [64, 64, 16, 8, [3, 3], [2, 2]],
  [64, 64, 16, 1, [2, 2], [2, 2]],
  [64, 64, 16, 1, [3, 3], [2, 2]],
  [64, 64, 4, 3, [4, 4], [2, 2]],
  [16, 16, 21, 21, [16, 16], [8, 8]],
  [8, 8, 64, 32, [1, 1], [2, 2]],
  [1, 80, 64, 32, [1, 8], [1, 4]],
];

/** Types of data and weights. */
const FORMS = { int8: ['int8', 'int8'], hybrid: ['float32', 'int8'], float32: ['float32', 'float32'] };

function graphOf(form) {
  const [dtype, weightsType] = FORMS[form];
  const float = weightsType === 'float32';
  const q = (type, scales, zeroPoint) =>
    type === 'float32' ? null : { scales, zeroPoints: scales.map(() => zeroPoint), axis: 0 };
  const tensors = [];
  const nodes = LAYERS.map(([h, w, channels, outs, kernel, strides], source) => {
    const at = tensors.length;
    const data = { name: '', dtype, data: null };
    const shape = [1, h * strides[0], w * strides[1], outs];
    const count = outs * kernel[0] * kernel[1] * channels;
    const weights = (float ? Float32Array : Int8Array).from({ length: count }, (_, i) => ((i * 37) % 255) - 127);
    const scales = Array.from({ length: outs }, (_, i) => 0.002 + 0.02 * ((i * 0.618) % 1));
    tensors.push(
      { name: '', dtype: 'int32', data: Int32Array.from(shape), shape: [4], quantization: null },
      {
        name: '',
        dtype: weightsType,
        data: weights,
        shape: [outs, ...kernel, channels],
        quantization: q(weightsType, scales, 0),
      },
      { ...data, shape: [1, h, w, channels], quantization: q(dtype, [0.02], 3) },
      { ...data, shape, quantization: q(dtype, [0.05 * Math.sqrt(channels)], -128) },
    );
    const attrs = { padding: 'SAME', strides, activation: 'RELU' };
    return { kind: 'nn.conv2d_transpose', attrs, inputs: [at, at + 1, at + 2], outputs: [at + 3], source };
  });
  const inputs = nodes.map((node) => node.inputs[2]);
  return { name: 'transposed', tensors, nodes, inputs, outputs: nodes.map((node) => node.outputs[0]) };
}

/** Cycles by layer, of all operators that it became; and what they spend in memcpy and the like, together. */
const byLayer = (costs) => {
  const sum = (belongs) => cyclesOf(costs.filter(({ op }) => belongs(op)));
  return [...LAYERS.map((_, i) => sum((op) => op?.startsWith(`#${i} `))), sum((op) => op === null)];
};

const figure = (cycles) => cycles.toFixed(0).padStart(10);

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : ['cortex-a53', 'cortex-a72', 'neoverse-n1']) {
  for (const form of Object.keys(FORMS)) {
    const graph = graphOf(form);
    const [direct, lowered] = (await costsOf([graph, lowerTransposed(graph)], parseTarget(name))).map(byLayer);
    console.log(`${`${form} on ${name}`.padEnd(32)} ${'direct'.padStart(10)} ${'lowered'.padStart(10)}`);
    LAYERS.forEach(([h, w, channels, outs, kernel, strides], i) => {
      const what = `${h}x${w}x${channels} -> ${outs}, ${kernel.join('x')} s${strides.join('x')}`.padEnd(30);
      const ratio = (direct[i] / lowered[i]).toFixed(1).padStart(6);
      console.log(`  ${what} ${figure(direct[i])} ${figure(lowered[i])} ${ratio}x`);
    });
    console.log(`  ${'memcpy and the like, all'.padEnd(30)} ${figure(direct.at(-1))} ${figure(lowered.at(-1))}`);
  }
}
