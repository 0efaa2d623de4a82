// How long the gate itself takes for a model, stage by stage, with an empty cache.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../build/js/compiler/codegen/generate.js';
import { optimize } from '../build/js/compiler/passes/pipeline.js';
import { parseTarget } from '../build/js/compiler/targets/index.js';
import { linkRunner } from '../build/js/runtime/devices/image.js';
import { measure } from '../build/js/runtime/measure.js';
import { compilePair, openPair } from './measure.mjs';

/** Wall-clock seconds of each stage, both sides together: { model, import, generate, cold, warm, run }. */
export async function timeStages(model, cpu) {
  const target = parseTarget(cpu);
  const { INT8_GATE_CACHE } = process.env;
  const cache = mkdtempSync(join(tmpdir(), 'int8-gate-bench-'));
  process.env.INT8_GATE_CACHE = cache;
  const seconds = {};
  const stage = async (name, work) => {
    const start = performance.now();
    const result = await work();
    seconds[name] = (performance.now() - start) / 1000;
    return result;
  };
  try {
    const pair = await stage('import', () => openPair(model));
    await stage('generate', () => {
      for (const [symbol, { subgraphs }] of Object.entries(pair.models).map(([side, m]) => [side, optimize(m)]))
        generate(subgraphs[0], { target, profile: 'tflite', name: symbol, symbol, graphs: subgraphs });
    });
    await stage('cold', () => compilePair(pair, target));
    const builds = await stage('warm', () => compilePair(pair, target));
    await stage('run', async () => measure(await linkRunner(builds), target, 'modelled', { int8: 0, fp32: 1 }));
  } finally {
    rmSync(cache, { recursive: true, force: true });
    if (INT8_GATE_CACHE === undefined) delete process.env.INT8_GATE_CACHE;
    else process.env.INT8_GATE_CACHE = INT8_GATE_CACHE;
  }
  return { model: model.name, ...seconds };
}
