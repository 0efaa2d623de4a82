// Operators beside the layers with weights: modelled cycles an element, in INT8 and in FP32.
// node bench/kernels/operators.mjs [TARGET…]      after `npm run compile`; needs a cross compiler and QEMU.
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { costsOf, cyclesOf } from './costs.mjs';

const IMAGE = [1, 28, 28, 64];
const ROWS = [784, 64];
const PLAIN = { activation: 'NONE' };
const ints = (...values) => ({ dtype: 'int32', shape: [values.length], data: Int32Array.from(values) });
const window = (size, stride, padding) => ({ pool: [size, size], strides: [stride, stride], padding, ...PLAIN });
const unary = (kind, attrs = {}) => [kind, kind, attrs, [IMAGE], IMAGE];

/** [what, kind, attributes, operands: shapes or constants, result]. */
const OPERATORS = [
  ['add', 'add', PLAIN, [IMAGE, IMAGE], IMAGE],
  ['add, a channel', 'add', PLAIN, [IMAGE, [64]], IMAGE],
  ['multiply', 'multiply', PLAIN, [IMAGE, IMAGE], IMAGE],
  ['multiply, a channel', 'multiply', PLAIN, [IMAGE, [64]], IMAGE],
  ['maximum', 'maximum', {}, [IMAGE, IMAGE], IMAGE],
  ['divide', 'divide', PLAIN, [IMAGE, IMAGE], IMAGE],
  ['average 2x2, stride 2', 'nn.avg_pool2d', window(2, 2, 'VALID'), [IMAGE], [1, 14, 14, 64]],
  ['average 3x3', 'nn.avg_pool2d', window(3, 1, 'SAME'), [IMAGE], IMAGE],
  ['maximum 2x2, stride 2', 'nn.max_pool2d', window(2, 2, 'VALID'), [IMAGE], [1, 14, 14, 64]],
  ['maximum 3x3', 'nn.max_pool2d', window(3, 1, 'SAME'), [IMAGE], IMAGE],
  ['mean of an image', 'mean', { keepDims: true }, [IMAGE, ints(1, 2)], [1, 1, 1, 64]],
  ['mean of channels', 'mean', { keepDims: true }, [IMAGE, ints(3)], [1, 28, 28, 1]],
  unary('nn.relu6'),
  unary('nn.leaky_relu', { alpha: 0.1 }),
  ['nn.prelu', 'nn.prelu', {}, [IMAGE, [1, 1, 64]], IMAGE],
  unary('nn.hard_swish'),
  unary('sigmoid'),
  unary('tanh'),
  unary('nn.elu'),
  unary('exp'),
  ['nn.softmax', 'nn.softmax', { beta: 1 }, [ROWS], ROWS],
  ['nn.log_softmax', 'nn.log_softmax', {}, [ROWS], ROWS],
  ['nn.l2_normalize', 'nn.l2_normalize', {}, [ROWS], ROWS],
  ['concatenate', 'concatenate', { axis: 3, ...PLAIN }, [IMAGE, IMAGE], [1, 28, 28, 128]],
  ['transpose to NCHW', 'transpose', {}, [IMAGE, ints(0, 3, 1, 2)], [1, 64, 28, 28]],
  [
    'resize_bilinear, by 2',
    'image.resize_bilinear',
    { alignCorners: false, halfPixelCenters: true },
    [IMAGE, ints(56, 56)],
    [1, 56, 56, 64],
  ],
];

/** Scale and zero point that a result has to have. */
const RESULTS = {
  'nn.softmax': [1 / 256, -128],
  'nn.log_softmax': [1 / 16, 127],
  'nn.l2_normalize': [1 / 128, 0],
  sigmoid: [1 / 256, -128],
  tanh: [1 / 128, 0],
};
const DATA = [0.05, 3];
const size = (shape) => shape.reduce((product, n) => product * n, 1);

function graphOf([, kind, attrs, operands, result], dtype) {
  const q = ([scale, zeroPoint]) =>
    dtype === 'float32' ? null : { scales: [scale], zeroPoints: [zeroPoint], axis: 0 };
  const value = (i) => (dtype === 'float32' ? 10 * ((i * 0.618) % 1) - 4 : ((i * 37) % 200) - 90);
  const data = (n) => (dtype === 'float32' ? Float32Array : Int8Array).from({ length: n }, (_, i) => value(i));
  const inputs = operands.map((operand) =>
    Array.isArray(operand)
      ? { name: '', dtype, shape: operand, quantization: q(DATA), data: data(size(operand)) }
      : { name: '', quantization: null, ...operand },
  );
  const output = { name: '', dtype, shape: result, quantization: q(RESULTS[kind] ?? DATA), data: null };
  const node = { kind, attrs, inputs: inputs.map((_, i) => i), outputs: [inputs.length], source: 0 };
  return { name: 'f', tensors: [...inputs, output], nodes: [node], inputs: [], outputs: node.outputs };
}

/** Cycles of each operator, for one element of its first operand or its result, whichever has more. */
async function cyclesEach(dtype, target) {
  const graphs = OPERATORS.map((operator) => graphOf(operator, dtype));
  const costs = await costsOf(graphs, target);
  return costs.map((list, i) => {
    const [, , , [first], result] = OPERATORS[i];
    return cyclesOf(list) / Math.max(size(first), size(result));
  });
}

const figure = (cycles) => cycles.toFixed(2).padStart(8);

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : ['cortex-a53', 'neoverse-n1']) {
  const target = parseTarget(name);
  const [int8, fp32] = [await cyclesEach('int8', target), await cyclesEach('float32', target)];
  console.log(`${`cycles an element on ${name}`.padEnd(34)}     INT8     FP32`);
  OPERATORS.forEach(([what], i) => {
    console.log(`  ${what.padEnd(32)} ${figure(int8[i])} ${figure(fp32[i])}`);
  });
}
