import { describe, expect, test } from 'vitest';
import { generate } from '../../src/compiler/codegen/generate.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { oneLayer, sourceOf, type TuningRecord, tasksOfGraph } from '../../src/compiler/templates/index.ts';
import { compileModelSource } from '../../src/compiler/toolchain/index.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { operatorCosts } from '../../src/runtime/measure.ts';
import { measureModelled, modelledCpu } from '../../src/runtime/modelled/index.ts';
import { gemmWorkload } from '../compiler/templates/gemm/workloads.ts';
import { cacheDir } from './run_layers.ts';

const graph = oneLayer(gemmWorkload({ data: 'int8', operands: 'int8', m: 30, n: 24, k: 64 }));
/** One in so many of the other schedules is measured. */
const EVERY = 9;

describe.each(['cortex-a53', 'cortex-a72', 'neoverse-n1'])('the default schedule on %s', (name) => {
  const target = parseTarget(name);
  const cpu = modelledCpu(target)!;
  const [task] = tasksOfGraph(graph, { target, profile: 'tflite', threads: 1 });
  const records = [...task.candidates()].map(({ record }) => record);
  const isDefault = ({ schedule }: TuningRecord) => JSON.stringify(schedule) === JSON.stringify(task.schedule);

  /** Modelled cycles of each record's schedule. */
  async function measured(some: readonly TuningRecord[]): Promise<number[]> {
    const builds = [];
    for (const [i, record] of some.entries()) {
      const options = { target, profile: 'tflite', name: `f${i}`, symbol: `f${i}` } as const;
      const code = generate(graph, { ...options, schedules: sourceOf([record]) });
      expect(code.refused).toEqual([]);
      builds.push({ ...code, ...options, archive: (await compileModelSource(code, target, { cacheDir })).archive });
    }
    const image = await linkRunner(builds, { cacheDir });
    const cycles = [];
    for (const [i, build] of builds.entries()) {
      const costs = operatorCosts(build, await measureModelled(image, i, cpu));
      cycles.push(costs.reduce((sum, cost) => sum + cost.cycles, 0));
    }
    return cycles;
  }

  test('is hardly slower than any other, measured', async () => {
    const others = records.filter((_, i) => i % EVERY === 0);
    const [chosen, ...cycles] = await measured([records.find(isDefault)!, ...others]);
    expect(cycles.length).toBeGreaterThan(8);
    expect(chosen).toBeLessThan(1.06 * Math.min(...cycles));
    expect(chosen).toBeLessThan(0.6 * Math.max(...cycles));
  });
});
