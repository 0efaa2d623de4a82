import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { buildEngine } from '../../../src/gate/engines/build.ts';
import { runnerOrThrow } from '../../../src/gate/engines/engine.ts';
import { interpreterEngine } from '../../../src/gate/engines/interpreter.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { randomOf } from '../../model/graphs.ts';
import { runningSum } from './models.ts';
import { Project } from './project.ts';

// A model that adds what it is fed to a variable, on records of three windows: what it answers says where it began.
const project = new Project();
const [RECORDS, WINDOWS, WIDTH] = [60, 3, 4];
const random = randomOf(11);
// Multiples of INT8's step whose sums stay within its range: all arithmetic is exact.
const data = Float32Array.from({ length: RECORDS * WINDOWS * WIDTH }, () => Math.round(40 * (2 * random() - 1)) / 64);
const records = Array.from({ length: RECORDS }, (_, r) =>
  Array.from({ length: WINDOWS }, (_, w) => [
    ...data.subarray((r * WINDOWS + w) * WIDTH, (r * WINDOWS + w + 1) * WIDTH),
  ]),
);
const best = (values: readonly number[]) => values.indexOf(Math.max(...values));
const sum = (windows: readonly number[][]) => windows[0].map((_, i) => windows.reduce((s, window) => s + window[i], 0));

const int8 = project.file('sum.tflite', runningSum());
const inputs = project.file('records.npy', writeNpy({ dtype: 'float32', shape: [RECORDS, WINDOWS * WIDTH], data }));
const labels = (name: string, of: (windows: readonly number[][]) => number) =>
  project.file(name, records.map((windows) => `${of(windows)}\n`).join(''));
const found = async (labelled: string, more: object) => {
  const entry = { int8, data: { inputs, labels: labelled, window: { step: WIDTH }, ...more } };
  const { accuracy } = (await project.verdict(entry)).target;
  return { ...accuracy!, both: [accuracy!.int8, accuracy!.fp32] };
};

describe('state that is carried over the windows of a record', () => {
  it('is fresh at the start of every record, and kept within it', async () => {
    const total = labels('total.txt', (windows) => best(sum(windows)));
    const carried = await found(total, { state: 'carried', windows: 'last' });
    expect(carried).toMatchObject({ samples: RECORDS, inferences: RECORDS * WINDOWS, both: [1, 1] });
    // Fresh before every window, the last one alone answers.
    const alone = records.filter((windows) => best(sum(windows)) === best(windows[2])).length / RECORDS;
    expect((await found(total, { windows: 'last' })).both).toEqual([alone, alone]);
  }, 60_000);

  it('goes with the mean and the largest outputs, too', async () => {
    const steps = (windows: readonly number[][]) => windows.map((_, w) => sum(windows.slice(0, w + 1)));
    const mean = labels('mean.txt', (windows) => best(sum(steps(windows))));
    expect((await found(mean, { state: 'carried' })).both).toEqual([1, 1]);
    const most = labels('most.txt', (windows) =>
      best(windows[0].map((_, i) => Math.max(...steps(windows).map((step) => step[i])))),
    );
    expect((await found(most, { state: 'carried', windows: 'max' })).both).toEqual([1, 1]);
  }, 60_000);
});

describe('records of several lengths in one call', () => {
  const model = importModel(runningSum(), 'sum');
  const inferences = [1, 2, 3, 4, 5, 6].map((x) => [Int8Array.of(x, 0, 0, 0)]);

  it.each([interpreterEngine, buildEngine(parseTarget('host'))])('$name: each starts afresh', async (engine) => {
    const [prepared] = await engine.prepare([{ model, name: 'sum', symbol: 'sum' }]);
    const sums = async (options: object) =>
      (await runnerOrThrow(prepared).run(inferences, options)).map(([y]) => Number(y[0]));
    expect(await sums({ records: [1, 3, 2] })).toEqual([1, 2, 5, 9, 5, 11]);
    expect(await sums({ keepState: true })).toEqual([1, 3, 6, 10, 15, 21]);
    expect(await sums({})).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
