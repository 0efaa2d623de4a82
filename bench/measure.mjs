// One model on one CPU: both builds from one run, with what there is to compare them with.
import { readFileSync } from 'node:fs';
import { compileModel } from '../build/js/compiler/compile.js';
import { floatTwin } from '../build/js/compiler/passes/float_twin.js';
import { parseTarget } from '../build/js/compiler/targets/index.js';
import { linkShared } from '../build/js/compiler/toolchain/index.js';
import { importModel } from '../build/js/model/tflite/importer.js';
import { linkRunner } from '../build/js/runtime/devices/image.js';
import { measure } from '../build/js/runtime/measure.js';
import { peersOf } from './models.mjs';
import { tfliteArena } from './tflite_arena.mjs';

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
    const tfliteArenaBytes = tfliteArena(pair.models[side].subgraphs[0]);
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
  const core = target.core;
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
