import { givesEqualBits } from '../../compiler/equal_bits.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import type { BuildRunner } from '../engines/build.ts';
import type { Runner } from '../engines/engine.ts';
import { inferencesOf, stateOf } from '../engines/stream.ts';
import { type BySide, sidesOf, valuesOf } from '../sides.ts';
import { type MeasuredAccuracy, measureAccuracy } from './accuracy.ts';
import type { PairBuilds, SampleRunner } from './builds.ts';
import type { ModelPair } from './pair.ts';
import { timedSamples } from './speed.ts';

/** Accuracy on a target, and what a reader should know of where it comes from. */
export interface TargetAccuracy extends MeasuredAccuracy {
  readonly notes: readonly string[];
}

/** What the first of the targets that cannot differ gave. */
interface Known {
  readonly measured: MeasuredAccuracy;
  readonly runners: BySide<SampleRunner>;
}

/**
 * Accuracy of a pair on one target after another. Where INT8 (and its base) gives the same bits on every ARM64 target by construction, and
 * FP32 is the same portable build for all, it is computed for the first of them; the builds of the others run samples spread
 * over the data, and are believed where all of these come out the same.
 *
 * @param listing whether every sample is to be listed
 */
export function accuracyByTarget(pair: ModelPair, listing = false) {
  const alike = valuesOf({ ...pair.models, fp32: pair.models.int8 }).every(givesEqualBits);
  let known: Known | null = null;
  return async ({ builds, runners }: PairBuilds, onProgress: (share: number) => void): Promise<TargetAccuracy> => {
    const shared = alike && emulated(builds, runners);
    if (shared && known !== null && sidesOf(known.runners).join() === sidesOf(runners).join()) {
      const { int8Target } = known.measured.accuracy;
      const indices = timedSamples(pair.dataset.size);
      if (await same(pair, indices, known.runners, runners))
        return { ...known.measured, notes: [computedOn(int8Target, indices.length)] };
      return { ...(await measureAccuracy(pair, runners, onProgress, listing)), notes: [differs(int8Target)] };
    }
    const measured = await measureAccuracy(pair, runners, onProgress, listing);
    if (shared) known = { measured, runners };
    return { ...measured, notes: [] };
  };
}

/** INT8 is a build for ARM64, FP32 one for this machine. */
const emulated = (builds: BySide<BuildRunner>, runners: BySide<Runner>): boolean =>
  builds.int8.build.target.arch === 'aarch64' && runners.fp32 !== builds.fp32;

/** Whether two targets give the same bits for these samples, FP32 aside. */
async function same(
  { dataset }: ModelPair,
  indices: readonly number[],
  a: BySide<Runner>,
  b: BySide<Runner>,
): Promise<boolean> {
  for (const side of sidesOf(a).filter((name) => name !== 'fp32')) {
    const [first, second] = [a[side] as Runner, b[side] as Runner];
    const samples = indices.map((index) => dataset.load(index));
    const inputs = samples.flatMap((sample) => inferencesOf(sample, side, first.inputs));
    const state = stateOf(dataset, samples);
    const [wanted, found] = [await first.run(inputs, state), await second.run(inputs, state)];
    const equal = wanted.every((tensors, i) =>
      tensors.every((tensor, k) => Buffer.compare(toBytes(tensor), toBytes(found[i][k])) === 0),
    );
    if (!equal) return false;
  }
  return true;
}

const computedOn = (engine: string, samples: number): string =>
  `Accuracy was computed on ${engine}: every ARM64 build of an integer model gives the same bits, and on ${samples} samples this one did.`;

const differs = (engine: string): string =>
  `INT8 outputs are not those of ${engine}, though every ARM64 build of an integer model gives the same bits: please report it.`;
