/** What graphs cost, as they are: without the compiler's passes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../../build/js/compiler/codegen/generate.js';
import { compileModelSource } from '../../build/js/compiler/toolchain/index.js';
import { linkRunner } from '../../build/js/runtime/devices/image.js';
import { operatorCosts } from '../../build/js/runtime/measure.js';
import { measureModelled, modelledCpu } from '../../build/js/runtime/modelled/index.js';

/**
 * Modelled costs of each graph's operators on a target, and of what lies outside of them. All graphs are linked into one
 * program. `edit` may change their C; `schedules`: by graph, a source of tuning records, all of which must be used.
 */
export async function costsOf(graphs, target, edit = (source) => source, schedules = []) {
  const cacheDir = mkdtempSync(join(tmpdir(), 'int8-gate-bench-'));
  try {
    const builds = [];
    for (const [i, graph] of graphs.entries()) {
      const options = { target, profile: 'tflite', name: graph.name, symbol: `f${i}`, schedules: schedules[i] };
      const made = generate(graph, options);
      if (made.refused.length > 0) throw new Error(made.refused[0].reason);
      const code = { ...made, source: edit(made.source) };
      builds.push({ ...code, ...options, archive: (await compileModelSource(code, target, { cacheDir })).archive });
    }
    const [image, cpu] = [await linkRunner(builds, { cacheDir }), modelledCpu(target)];
    const costs = [];
    for (const [i, build] of builds.entries())
      costs.push(operatorCosts(build, await measureModelled(image, i, cpu), cpu));
    return costs;
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** Cycles of a list of costs, all in all. */
export const cyclesOf = (costs) => costs.reduce((sum, { cycles }) => sum + cycles, 0);
