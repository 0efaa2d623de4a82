import { givesEqualBits } from '../../compiler/equal_bits.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import type { BuildRunner } from '../engines/build.ts';
import type { Runner } from '../engines/engine.ts';
import { inferencesOf } from '../engines/stream.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import type { BySide } from '../sides.ts';
import { measureAccuracy } from './accuracy.ts';
import type { PairBuilds } from './builds.ts';
import type { ModelPair } from './pair.ts';
import { timedSamples } from './speed.ts';

/** Accuracy on a target, and what a reader should know of where it comes from. */
export interface TargetAccuracy {
  readonly accuracy: Accuracy;
  readonly notes: readonly string[];
}

/** What the first of the targets that cannot differ gave. */
interface Known {
  readonly accuracy: Accuracy;
  readonly int8: Runner;
}

/**
 * Accuracy of a pair on one target after another. Where INT8 gives the same bits on every ARM64 target by construction, and
 * FP32 is the same portable build for all, it is computed for the first of them; the builds of the others run samples spread
 * over the data, and are believed where all of these come out the same.
 */
export function accuracyByTarget(pair: ModelPair) {
  const alike = givesEqualBits(pair.models.int8);
  let known: Known | null = null;
  return async ({ builds, runners }: PairBuilds, onProgress: (share: number) => void): Promise<TargetAccuracy> => {
    const shared = alike && emulated(builds, runners);
    if (shared && known !== null) {
      const { int8, accuracy } = known;
      const indices = timedSamples(pair.dataset.size);
      if (await same(pair, indices, int8, runners.int8)) return { accuracy, notes: [computedOn(int8, indices.length)] };
      return { accuracy: await measureAccuracy(pair, runners, onProgress), notes: [differs(int8)] };
    }
    const accuracy = await measureAccuracy(pair, runners, onProgress);
    if (shared) known = { accuracy, int8: runners.int8 };
    return { accuracy, notes: [] };
  };
}

/** INT8 is a build for ARM64, FP32 one for this machine. */
const emulated = (builds: BySide<BuildRunner>, runners: BySide<Runner>): boolean =>
  builds.int8.build.target.arch === 'aarch64' && runners.fp32 !== builds.fp32;

/** Whether two runners of INT8 give the same bits for these samples. */
async function same({ dataset }: ModelPair, indices: readonly number[], a: Runner, b: Runner): Promise<boolean> {
  const inputs = indices.flatMap((index) => inferencesOf(dataset.load(index), 'int8', a.inputs));
  const [first, second] = [await a.run(inputs), await b.run(inputs)];
  return first.every((tensors, i) =>
    tensors.every((tensor, k) => Buffer.compare(toBytes(tensor), toBytes(second[i][k])) === 0),
  );
}

const computedOn = ({ engine }: Runner, samples: number): string =>
  `Accuracy was computed on ${engine}: every ARM64 build of an integer model gives the same bits, and on ${samples} samples this one did.`;

const differs = ({ engine }: Runner): string =>
  `INT8 outputs are not those of ${engine}, though every ARM64 build of an integer model gives the same bits: please report it.`;
