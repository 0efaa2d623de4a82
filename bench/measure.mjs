// One model on one CPU: both builds from one run, with what there is to compare them with.
import { readFileSync } from 'node:fs';
import { planMemory } from '../build/js/compiler/codegen/plan.js';
import { tensorBytes } from '../build/js/compiler/codegen/storage.js';
import { compileModel } from '../build/js/compiler/compile.js';
import { floatTwin } from '../build/js/compiler/passes/float_twin.js';
import { coreOf } from '../build/js/compiler/schedules/cores.js';
import { parseTarget } from '../build/js/compiler/targets/index.js';
import { linkShared } from '../build/js/compiler/toolchain/index.js';
import { importModel } from '../build/js/model/tflite/importer.js';
import { linkRunner } from '../build/js/runtime/devices/image.js';
import { measure } from '../build/js/runtime/measure.js';
import { peersOf } from './models.mjs';

/** Reads a model and its FP32 counterpart. */
export function openPair(model) {
  const int8 = importModel(readFileSync(model.int8), model.int8);
  const fp32 = model.fp32 ? importModel(readFileSync(model.fp32), model.fp32) : floatTwin(int8);
  return { ...model, models: { int8, fp32 } };
}

/** Compiles both sides by the same compiler. */
export const compilePair = ({ models }, target, options = {}) =>
  Promise.all(
    ['int8', 'fp32'].map((side) => compileModel(models[side], { ...options, target, name: side, symbol: side })),
  );

/** Cycles, instructions, rates, ratios and sizes of both sides. */
export async function measurePair(pair, cpu) {
  const target = parseTarget(cpu);
  const builds = await compilePair(pair, target);
  const result = await measure(await linkRunner(builds), target, 'modelled', { int8: 0, fp32: 1 });
  const peers = peersOf(pair, cpu);
  const peak = peakOf(target);
  const sides = ['int8', 'fp32'].map(async (side, i) => {
    const { median: cycles, instructions } = result[side];
    const { macs, arenaBytes, object, symbol } = builds[i];
    const binaryBytes = loadedBytes(readFileSync(await linkShared(object, symbol, target)));
    const rate = macs / cycles;
    const ratio = peers[side] === undefined ? null : cycles / peers[side];
    const tfliteArenaBytes = plainArena(pair.models[side].subgraphs[0]);
    const figures = { cycles, instructions, macs, rate, shareOfPeak: rate / peak[side], ratio };
    return [side, { ...figures, arenaBytes, tfliteArenaBytes, binaryBytes }];
  });
  const { version } = builds[0].object.compiler;
  const { speedup, version: table } = result;
  return {
    model: pair.name,
    cpu,
    compiler: version,
    table,
    peak,
    ...Object.fromEntries(await Promise.all(sides)),
    speedup,
  };
}

/** Multiply-accumulates a cycle at most: of FMLA; of SMMLA, SDOT, or SMULL with SMLAL, the best that the core has. */
function peakOf(target) {
  const core = coreOf(target);
  const { dotprod, i8mm } = target.features;
  return { fp32: 4 * core.fmla, int8: i8mm ? 32 * core.dot : dotprod ? 16 * core.dot : 8 * core.smull };
}

/** What a program that loads a library reads into memory: the segments of its file. */
function loadedBytes(file) {
  const table = Number(file.readBigUInt64LE(32));
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, i) => table + i * file.readUInt16LE(54));
  const loaded = segments.filter((at) => file.readUInt32LE(at) === 1);
  return loaded.reduce((sum, at) => sum + Number(file.readBigUInt64LE(at + 32)), 0);
}

/**
 * The arena that TFLite plans: all tensors of the file that are no constants, inputs and outputs included, greedily by
 * size. What its kernels allocate besides is not in it.
 */
function plainArena({ tensors, nodes, inputs, outputs }) {
  const lives = new Map();
  const touch = (id, step) => {
    if (id < 0 || tensors[id].data !== null) return;
    const { first, last } = lives.get(id) ?? { first: step, last: step };
    lives.set(id, { first: Math.min(first, step), last: Math.max(last, step) });
  };
  for (const [step, node] of nodes.entries()) for (const id of [...node.inputs, ...node.outputs]) touch(id, step);
  for (const id of inputs) touch(id, 0);
  for (const id of outputs) touch(id, nodes.length);
  return planMemory([...lives].map(([id, life]) => ({ ...life, bytes: tensorBytes({ tensors }, id) }))).bytes;
}
