// Products of matrices that are known only when they run, with the time to pack the right one, INT8 and FP32.
// node bench/kernels/matmul.mjs TARGET PAIRSxROWSxCOLUMNSxDEPTH…      `+y`: the right matrix lies as [columns][depth]
// After `npm run compile`; needs a cross compiler and QEMU.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel } from '../../build/js/compiler/compile.js';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { linkRunner } from '../../build/js/runtime/devices/image.js';
import { operatorCosts } from '../../build/js/runtime/measure.js';
import { measureModelled, modelledCpu } from '../../build/js/runtime/modelled/index.js';

function modelOf(dtype, pairs, m, n, k, adjY) {
  const quantization = (scale, zeroPoint) =>
    dtype === 'int8' ? { scales: [scale], zeroPoints: [zeroPoint], axis: 0 } : null;
  const tensor = (shape, scale, zeroPoint) => ({
    ...{ name: '', dtype, data: null, shape },
    quantization: quantization(scale, zeroPoint),
  });
  const tensors = [
    tensor([pairs, m, k], 0.02, 3),
    tensor(adjY ? [pairs, n, k] : [pairs, k, n], 0.02, -7),
    tensor([pairs, m, n], 0.03 * Math.sqrt(k), 5),
  ];
  const attrs = { adjX: false, adjY, asymmetricQuantizeInputs: false };
  const nodes = [{ kind: 'nn.batch_matmul', attrs, inputs: [0, 1], outputs: [2], source: 0 }];
  const graph = { name: 'product', tensors, nodes, inputs: [0, 1], outputs: [2] };
  return { name: 'product', description: '', subgraphs: [graph], signatures: [] };
}

async function cyclesOf(dtype, target, sizes, adjY, cacheDir) {
  const build = await compileModel(modelOf(dtype, ...sizes, adjY), {
    ...{ target, profile: 'tflite', name: 'product', symbol: 'product', cacheDir },
  });
  const cpu = modelledCpu(target);
  const modelled = await measureModelled(await linkRunner([build], { cacheDir }), 0, cpu);
  return operatorCosts(build, modelled, cpu)[0].cycles;
}

const [name, ...specs] = process.argv.slice(2);
const target = parseTarget(name);
const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-matmul-'));
try {
  for (const spec of specs) {
    const [shape, swapped] = spec.split('+');
    const sizes = shape.split('x').map(Number);
    const macs = sizes.reduce((product, size) => product * size, 1);
    for (const dtype of ['int8', 'float32']) {
      const cycles = await cyclesOf(dtype, target, sizes, swapped === 'y', cacheDir);
      console.log(
        `${spec.padEnd(20)} ${dtype.padEnd(8)} on ${name}: ${cycles.toFixed(0).padStart(10)} cycles ${(macs / cycles).toFixed(2).padStart(6)} MAC/cycle`,
      );
    }
  }
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
