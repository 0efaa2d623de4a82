// Modelled multiply-accumulates a cycle of the kernels that the default schedules pick, layer by layer.
// node bench/kernels/index.mjs [TARGET…]      after `npm run compile`; needs a cross compiler and QEMU.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../build/js/compiler/codegen/generate.js';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { tasksOfGraph } from '../../build/js/compiler/templates/index.js';
import { compileModelSource } from '../../build/js/compiler/toolchain/index.js';
import { linkRunner } from '../../build/js/runtime/devices/image.js';
import { measureModelled, modelledCpu } from '../../build/js/runtime/modelled/index.js';

/** [what, kind, height and width, input channels, output channels, kernel, stride]: layers of MobileNet V1, ResNet, DS-CNN. */
const LAYERS = [
  ['first 3x3 s2', 'nn.conv2d', 224, 3, 32, 3, 2],
  ['pointwise', 'nn.conv2d', 112, 32, 64, 1, 1],
  ['pointwise', 'nn.conv2d', 28, 256, 256, 1, 1],
  ['pointwise', 'nn.conv2d', 14, 512, 512, 1, 1],
  ['pointwise', 'nn.conv2d', 7, 1024, 1024, 1, 1],
  ['3x3', 'nn.conv2d', 32, 16, 16, 3, 1],
  ['3x3', 'nn.conv2d', 14, 64, 64, 3, 1],
  ['depthwise 3x3', 'nn.depthwise_conv2d', 112, 32, 32, 3, 1],
  ['depthwise 3x3', 'nn.depthwise_conv2d', 14, 512, 512, 3, 1],
  ['depthwise 3x3 s2', 'nn.depthwise_conv2d', 56, 128, 128, 3, 2],
  ['depthwise 5x5', 'nn.depthwise_conv2d', 28, 64, 64, 5, 1],
  ['dense', 'nn.dense', 1, 1024, 1000, 1, 1],
];

/** Operand types: data, weights and the weights' zero point. */
const FORMS = {
  float32: { data: 'float32', weights: Float32Array },
  int8: { data: 'int8', weights: Int8Array, zero: 0 },
  uint8: { data: 'uint8', weights: Uint8Array, zero: 151 },
};

function graphOf(form) {
  const { data, weights: Weights, zero } = FORMS[form];
  const q = (scale, zeroPoint) => (data === 'float32' ? null : { scales: [scale], zeroPoints: [zeroPoint], axis: 0 });
  const tensors = [];
  const nodes = LAYERS.map(([, kind, size, inputs, outputs, k, stride], source) => {
    const dense = kind === 'nn.dense';
    const out = Math.ceil(size / stride);
    const shape = dense ? [outputs, inputs] : kind === 'nn.conv2d' ? [outputs, k, k, inputs] : [1, k, k, outputs];
    const values = Weights.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => 1 + ((i * 7) % 120));
    const activation = { name: '', dtype: data, data: null };
    const at = tensors.length;
    tensors.push(
      { ...activation, shape: dense ? [1, inputs] : [1, size, size, inputs], quantization: q(0.02, 3) },
      { name: 'w', dtype: data, shape, quantization: q(0.01, zero), data: values },
      { ...activation, shape: dense ? [1, outputs] : [1, out, out, outputs], quantization: q(1, 0) },
    );
    const conv = { padding: 'SAME', strides: [stride, stride], dilation: [1, 1], activation: 'RELU6' };
    const attrs = dense
      ? { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false }
      : kind === 'nn.conv2d'
        ? conv
        : { ...conv, depthMultiplier: 1 };
    return { kind, attrs, inputs: [at, at + 1], outputs: [at + 2], source };
  });
  const ends = (key) => nodes.map((node) => node[key][0]);
  return { name: 'bench', tensors, nodes, inputs: ends('inputs'), outputs: ends('outputs') };
}

/** `dot 8x8`, `pairs x4`. */
const labelOf = ({ schedule: { kernel, mr, nr, pixels } }) => `${kernel} ${mr ? `${mr}x${nr}` : `x${pixels}`}`;

async function bench(targetName, form, cacheDir) {
  const target = parseTarget(targetName);
  const cpu = modelledCpu(target);
  const graph = graphOf(form);
  const tasks = tasksOfGraph(graph, { target, profile: 'tflite', threads: 1 });
  const code = generate(graph, { target, profile: 'tflite', name: 'bench', symbol: 'bench' });
  const { archive, compiler } = await compileModelSource(code, target, { cacheDir });
  const image = await linkRunner([{ ...code, name: 'bench', target, profile: 'tflite', archive }], { cacheDir });
  const { functions } = await measureModelled(image, 0, cpu);
  console.log(`\n${form} on ${cpu} (${compiler.version})`);
  code.nodes.forEach(({ symbol, macs }, i) => {
    const [what, , size, inputs, outputs] = LAYERS[i];
    const cycles = functions.find((f) => f.symbol === symbol)?.cycles[cpu] ?? Number.NaN;
    const shape = `${size}x${size}x${inputs} -> ${outputs}`;
    const rate = (macs / cycles).toFixed(2).padStart(7);
    console.log(
      `  ${what.padEnd(17)} ${shape.padEnd(20)} ${labelOf(tasks.find(({ node }) => node === i)).padEnd(12)} ${rate} MAC/cycle ${Math.round(cycles)} cycles`,
    );
  });
}

const named = process.argv.slice(2);
const targets = named.length > 0 ? named : ['cortex-a53', 'cortex-a72', 'neoverse-n1', 'neoverse-n2', 'neoverse-v2'];
const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-bench-'));
try {
  for (const target of targets) for (const form of Object.keys(FORMS)) await bench(target, form, cacheDir);
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
