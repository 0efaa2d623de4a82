/** A batch of random instances through the interpreter and through builds. */
import fc from 'fast-check';
import { generate } from '../../src/compiler/codegen/generate.ts';
import { planMemory } from '../../src/compiler/codegen/plan.ts';
import type { Planner } from '../../src/compiler/codegen/storage.ts';
import { compileModel } from '../../src/compiler/compile.ts';
import { optimize } from '../../src/compiler/passes/pipeline.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { interpret, type State, type Value } from '../../src/model/interpreter/index.ts';
import type { Graph } from '../../src/model/ir/graph.ts';
import { verifyGraph } from '../../src/model/ir/verify.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { fromBytes, type TensorData, toBytes } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { openDevice } from '../../src/runtime/devices/open.ts';
import { apart, type Claim, claimsOf, formOf, kindOf, tight, watched } from '../compiler/overlap.ts';
import { changed, difference, numbersOf } from './compare.ts';
import { describe, type Instance, type Merged, merge } from './instance.ts';
import { kinds } from './kinds.ts';
import { networks } from './networks.ts';
import { surrounded } from './surrounded.ts';

/** The operators with the most forms of code. */
const heavy = fc.constantFrom<OpKind>('nn.conv2d', 'nn.depthwise_conv2d', 'nn.dense', 'nn.batch_matmul');
const kind = fc.oneof(
  { arbitrary: fc.constantFrom(...(Object.keys(kinds) as OpKind[])), weight: 5 },
  { arbitrary: heavy, weight: 2 },
);
/** Operators by themselves, and networks of several; most of them on data that die in them. */
const instances: fc.Arbitrary<Instance> = fc
  .tuple(
    fc.oneof({ arbitrary: kind.chain((k) => kinds[k]), weight: 12 }, { arbitrary: networks, weight: 1 }),
    fc.nat(3),
  )
  .map(([instance, open]) => (open === 0 ? instance : surrounded(instance)));

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

/** Compiles a batch for a target, with memory placed by `planner`, and runs it there. */
export async function runBuild(
  { model, runs }: Merged,
  target: string,
  options: BuildOptions,
  planner: Planner = planMemory,
): Promise<TensorData[][]> {
  const build = await compileModel(model, {
    target: parseTarget(target),
    name: 'property',
    symbol: 'm',
    planner,
    ...options,
  });
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

/** How often each claim of overlap took effect: by operator and types, by kind of claim. */
export type ClaimCounts = Map<string, Map<string, number>>;

/** Whether a result or scratch memory of an instance may lie over data. */
function claims({ model }: Instance, target: string): boolean {
  const graphs = optimize(model).subgraphs;
  let any = false;
  const planner: Planner = (buffers, graph) => {
    any ||= claimsOf(buffers, graph).length > 0;
    return planMemory(buffers);
  };
  generate(graphs[0], {
    ...{ target: parseTarget(target), profile: 'tflite', name: 'property', symbol: 'm', graphs, planner },
  });
  return any;
}

/**
 * All differences, at most one an instance and target: between the interpreter and builds for `targets`, and, bit for
 * bit, between builds whose memory is all apart and those that make use of what emitters claim of overlaps, be it as
 * planned or as tightly as each claim allows.
 */
export async function checkBatch(
  batch: readonly Instance[],
  targets: readonly string[],
  options: BuildOptions,
  counts: ClaimCounts = new Map(),
): Promise<Difference[]> {
  const found: Difference[] = [];
  const count = (claim: Claim, graph: Graph): void => {
    const form = formOf(graph, claim.node);
    const kinds = counts.get(form) ?? new Map<string, number>();
    counts.set(form, kinds.set(kindOf(claim), (kinds.get(kindOf(claim)) ?? 0) + 1));
  };
  const merged = merge(batch);
  const expected = expectedOf(merged);
  for (const target of targets) {
    const seen = new Set<number>();
    const report = (instance: number, way: string, off: string | null): void => {
      if (off === null || seen.has(instance)) return;
      seen.add(instance);
      found.push({ target, instance, what: `${way}: ${off}: ${describe(batch[instance])}` });
    };
    const planned = await runBuild(merged, target, options, watched(planMemory, count));
    planned.forEach((outputs, run) => {
      outputs.forEach((values, k) => {
        const { instance, output } = merged.outputs[k];
        const largest = batch[instance].elementwise ? 0 : expected.largest[instance];
        const graph = merged.model.subgraphs[0];
        const { dtype } = graph.tensors[graph.outputs[k]];
        const wanted = numbersOf(expected.outputs[run][k], dtype);
        const off = difference(numbersOf(values, dtype), wanted, largest);
        report(instance, `as interpreted, run ${run}, output ${output}`, off);
      });
    });
    const claiming = batch.flatMap((instance, i) => (claims(instance, target) ? [i] : []));
    if (claiming.length === 0) continue;
    const some = merge(claiming.map((i) => batch[i]));
    const base = await runBuild(some, target, options, apart);
    const one = tight((all) => all[all[0].node.source % all.length]);
    const results = await runBuild(some, target, options, watched(one, count));
    const outputs = merged.outputs.flatMap(({ instance }, k) => (claiming.includes(instance) ? [k] : []));
    base.forEach((values, run) => {
      values.forEach((value, k) => {
        const { instance, output } = merged.outputs[outputs[k]];
        const at = `run ${run}, output ${output}`;
        report(instance, `memory tight, ${at}`, changed(results[run][k], value));
        report(instance, `memory planned, ${at}`, changed(planned[run][outputs[k]], value));
      });
    });
  }
  return found;
}
