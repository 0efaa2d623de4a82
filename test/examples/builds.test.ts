import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compiler/compile.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { fromBytes, toBytes } from '../../src/model/tensor/dtype.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';
import { cases, expected, expectGolden, inputsOf, readExample } from './examples.ts';

/** Portable C, and one CPU for each level of the instruction set: armv8.0, dotprod, i8mm. */
describe.each(['host', 'cortex-a72', 'neoverse-n1', 'neoverse-n2'])('builds for %s', (name) => {
  it('give what TFLite gives', async () => {
    const target = parseTarget(name);
    const paths = expected.map((entry) => entry.model);
    const builds = [];
    for (const [i, path] of paths.entries()) {
      builds.push(await compileModel(readExample(path), { target, name: path, symbol: `model_${i}` }));
    }
    const jobs = cases.map((golden) => ({
      build: paths.indexOf(golden.model),
      inputs: inputsOf(golden).map(toBytes),
      samples: 1,
      reset: true,
    }));
    const results = await (await openDevice(target)).run(await linkRunner(builds), jobs);
    expect(results).toHaveLength(cases.length);
    for (const [i, golden] of cases.entries()) {
      const { outputs } = builds[jobs[i].build];
      expectGolden(
        golden,
        results[i].outputs.map((bytes, k) => fromBytes(outputs[k].dtype, bytes)),
      );
    }
  });
});
