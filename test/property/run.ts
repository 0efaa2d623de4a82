/** A batch of random instances through the interpreter and through builds. */
import fc from 'fast-check';
import { compileModel } from '../../src/compiler/compile.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { interpret, type State, type Value } from '../../src/model/interpreter/index.ts';
import { verifyGraph } from '../../src/model/ir/verify.ts';
import type { OpKind } from '../../src/model/ops/kinds.ts';
import { fromBytes, type TensorData, toBytes } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';
import { difference, numbersOf } from './compare.ts';
import { describe, type Instance, type Merged, merge } from './instance.ts';
import { kinds } from './kinds.ts';
import { networks } from './networks.ts';

/** The operators with the most forms of code. */
const heavy = fc.constantFrom<OpKind>('nn.conv2d', 'nn.depthwise_conv2d', 'nn.dense', 'nn.batch_matmul');
const kind = fc.oneof(
  { arbitrary: fc.constantFrom(...(Object.keys(kinds) as OpKind[])), weight: 5 },
  { arbitrary: heavy, weight: 1 },
);
/** Operators by themselves, and networks of several. */
const instances: fc.Arbitrary<Instance> = fc.oneof(
  { arbitrary: kind.chain((k) => kinds[k]), weight: 24 },
  { arbitrary: networks, weight: 1 },
);

/** The batch that `seed` stands for. */
export const drawBatch = (seed: number, size: number): Instance[] => fc.sample(instances, { seed, numRuns: size });

export interface Difference {
  readonly target: string;
  readonly instance: number;
  readonly what: string;
}

/** What the interpreter gives for each run of a batch, and the largest float that it met in each instance. */
interface Expected {
  readonly outputs: readonly (readonly TensorData[])[];
  readonly largest: readonly number[];
}
export function expectedOf({ model, runs, owners }: Merged): Expected {
  const problems = model.subgraphs.flatMap((graph) => verifyGraph(graph));
  if (problems.length > 0) throw new Error(`not sound: ${problems.join('\n')}`);
  const state: State = new Map();
  const largest = new Array<number>((owners.at(-1) ?? 0) + 1).fill(0);
  const { tensors } = model.subgraphs[0];
  const observe = (id: number, value: Value): void => {
    const data = numbersOf(value.data, tensors[id].dtype);
    if (!(data instanceof Float32Array)) return;
    for (const v of data) if (Math.abs(v) > largest[owners[id]]) largest[owners[id]] = Math.abs(v);
  };
  return { outputs: runs.map((inputs) => interpret(model, inputs, { state, observe })), largest };
}

/** Where builds are kept, and flags of the compiler beside its usual ones. */
export interface BuildOptions {
  readonly cacheDir: string;
  readonly flags?: readonly string[];
}

/** Compiles a batch for a target and runs it there. */
export async function runBuild(
  { model, runs }: Merged,
  target: string,
  options: BuildOptions,
): Promise<TensorData[][]> {
  const build = await compileModel(model, { target: parseTarget(target), name: 'property', symbol: 'm', ...options });
  const image = await linkRunner([build], options);
  const device = await openDevice(build.target);
  const inputs = build.inputs.map((_, i) => Buffer.concat(runs.map((run) => toBytes(run[i]))));
  const [{ outputs, shapes }] = await device.run(image, [{ build: 0, inputs, samples: runs.length, reset: false }]);
  return runs.map((_, r) =>
    build.outputs.map(({ dtype, shape, bytes }, k) => {
      const data: TensorData = fromBytes(dtype, outputs[k].slice(r * bytes, (r + 1) * bytes));
      return data.subarray(0, elements(shapes?.[r][k] ?? shape)) as TensorData;
    }),
  );
}

/** All differences between the interpreter and builds for `targets`, at most one an instance and target. */
export async function checkBatch(
  batch: readonly Instance[],
  targets: readonly string[],
  options: BuildOptions,
): Promise<Difference[]> {
  const merged = merge(batch);
  const expected = expectedOf(merged);
  const found: Difference[] = [];
  for (const target of targets) {
    const actual = await runBuild(merged, target, options);
    const seen = new Set<number>();
    expected.outputs.forEach((outputs, run) => {
      outputs.forEach((values, k) => {
        const { instance, output } = merged.outputs[k];
        const largest = batch[instance].elementwise ? 0 : expected.largest[instance];
        const { dtype } = merged.model.subgraphs[0].tensors[merged.model.subgraphs[0].outputs[k]];
        const off = difference(numbersOf(actual[run][k], dtype), numbersOf(values, dtype), largest);
        if (off === null || seen.has(instance)) return;
        seen.add(instance);
        found.push({ target, instance, what: `run ${run}, output ${output}: ${off}: ${describe(batch[instance])}` });
      });
    });
  }
  return found;
}
