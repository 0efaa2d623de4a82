// Every tile of 1x1 convolutions, fastest first: what the estimate in templates/gemm/schedule.ts is held against.
// node bench/kernels/tiles.mjs TARGET ROWSxCOLUMNSxDEPTH…      `+linear` behind a shape: no fused activation
// After `npm run compile`; needs a cross compiler and QEMU.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../build/js/compiler/codegen/generate.js';
import { parseTarget } from '../../build/js/compiler/targets/index.js';
import { CHAINS, chooseSchedule, GEMM_KERNELS, holdsTile } from '../../build/js/compiler/templates/index.js';
import { compileModelSource } from '../../build/js/compiler/toolchain/index.js';
import { linkRunner } from '../../build/js/runtime/devices/image.js';
import { operatorCosts } from '../../build/js/runtime/measure.js';
import { measureModelled, modelledCpu } from '../../build/js/runtime/modelled/index.js';

function tilesOf(schedule, { m, n }, target) {
  const { evenRows, columns = 4 } = GEMM_KERNELS[schedule.kernel];
  const rows = [1, 2, 3, 4, 5, 6, 7, 8].filter((mr) => mr <= m && !(evenRows && mr % 2));
  const widths = [4, 8, 12, 16, 20, 24, 28, 32].filter((nr) => nr % columns === 0 && nr < n + columns);
  const forms = schedule.kernel === 'chains' ? CHAINS : [{}];
  const all = rows.flatMap((mr) => widths.flatMap((nr) => forms.map((form) => ({ ...schedule, mr, nr, ...form }))));
  return all.filter(({ kernel, mr, nr, chain }) => holdsTile(kernel, mr, nr, target, chain));
}

/** The same layer once for each tile. */
function graphOf(count, { m, n, k }, linear) {
  const q = (scales, zeroPoint) => ({ scales, zeroPoints: scales.map(() => zeroPoint), axis: 0 });
  const weights = Int8Array.from({ length: n * k }, (_, i) => ((i * 37) % 255) - 127);
  const scales = Array.from({ length: n }, (_, i) => 0.002 + 0.02 * ((i * 0.618) % 1));
  const tensors = [];
  const nodes = Array.from({ length: count }, (_, source) => {
    const at = tensors.length;
    const activation = { name: '', dtype: 'int8', data: null };
    tensors.push(
      { ...activation, shape: [1, 1, m, k], quantization: q([0.02], 3) },
      { name: 'w', dtype: 'int8', data: weights, shape: [n, 1, 1, k], quantization: q(scales, 0) },
      { ...activation, shape: [1, 1, m, n], quantization: q([0.012 * Math.sqrt(k)], linear ? 5 : -128) },
    );
    const window = { padding: 'VALID', strides: [1, 1], dilation: [1, 1], activation: linear ? 'NONE' : 'RELU' };
    return { kind: 'nn.conv2d', attrs: window, inputs: [at, at + 1], outputs: [at + 2], source };
  });
  const ends = (key) => nodes.map((node) => node[key][0]);
  return { name: 'tiles', tensors, nodes, inputs: ends('inputs'), outputs: ends('outputs') };
}

async function sweep(target, spec, cacheDir) {
  const [shape, linear] = spec.split('+');
  const [m, n, k] = shape.split('x').map(Number);
  const workload = { op: 'nn.conv2d', operands: 'int8', unsigned: false, m, n, k, groups: 1, inPlace: true };
  const chosen = chooseSchedule(workload, target);
  const tiles = tilesOf(chosen, workload, target);
  const graph = graphOf(tiles.length, workload, linear === 'linear');
  const left = [...tiles];
  const options = { target, profile: 'tflite', name: 'tiles', symbol: 'tiles', schedules: () => left.shift() };
  const code = generate(graph, options);
  const { archive } = await compileModelSource(code, target, { cacheDir });
  const build = { ...code, ...options, archive };
  const cpu = modelledCpu(target);
  const modelled = await measureModelled(await linkRunner([build], { cacheDir }), 0, cpu);
  const costs = operatorCosts(build, modelled, cpu);
  const nameOf = ({ mr, nr, chain, singles }) => [mr, nr, ...(chain ? [chain] : [])].join('x') + (singles ? '+1' : '');
  const label = (tile) => nameOf(tile) + (nameOf(tile) === nameOf(chosen) ? ' (chosen)' : '');
  const rows = tiles.map((tile, i) => ({ tile: label(tile), cycles: costs[i].cycles }));
  rows.sort((a, b) => a.cycles - b.cycles);
  console.log(`${spec}, ${chosen.kernel} on ${target.name}`);
  for (const { tile, cycles } of rows) {
    console.log(
      `  ${tile.padEnd(16)} ${cycles.toFixed(0).padStart(10)} ${((m * n * k) / cycles).toFixed(1).padStart(6)} MAC/cycle`,
    );
  }
}

const [name, ...specs] = process.argv.slice(2);
const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-tiles-'));
try {
  for (const spec of specs) await sweep(parseTarget(name), spec, cacheDir);
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
