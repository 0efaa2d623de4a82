import { EnvironmentError, InputError } from '../../errors.ts';
import { openDataset } from '../data/dataset.ts';
import type { Files } from '../data/files.ts';
import { DRIFT_SAMPLES, measureDrift } from '../drift/measure.ts';
import { kept } from '../engines/kept.ts';
import { modelPorts } from '../engines/ports.ts';
import { type Drift, driftSchema } from '../figures/drift.ts';
import { aspectOf } from '../thresholds/index.ts';
import type { TargetReport } from '../verdict/report.ts';
import type { ModelPair } from './pair.ts';

/**
 * Where INT8 leaves FP32, once for all targets, on builds for this machine; or what an earlier run found for the same models and data.
 *
 * @param digests of the files of both models
 * @returns undefined where accuracy is not judged, null where layers cannot be compared
 */
export async function driftOf(
  pair: ModelPair,
  targets: readonly TargetReport[],
  digests: readonly (string | null)[],
  files: Files,
  progress: (text: string) => void,
): Promise<Drift | null | undefined> {
  const judged = targets.some(({ accuracy, checks }) => accuracy !== null && checks.some(isAccuracy));
  if (!judged) return undefined;
  const { models, dataDigest, config } = pair;
  // Layers of a foreign FP32 model are out of sight: the twin stands in.
  const twin = pair.twin || pair.foreign !== null;
  const { int8, fp32 } = models;
  const ports = { int8: modelPorts(int8, 'inputs'), fp32: modelPorts(fp32, 'inputs') };
  const dataset = pair.foreign === null ? pair.dataset : openDataset(config.data, ports, files);
  try {
    return await kept(
      ['drift', dataDigest, `${twin} ${config.profile} ${config.signature} ${DRIFT_SAMPLES}`, ...digests.map(String)],
      (value) => driftSchema.parse(value),
      () => {
        progress('comparing INT8 with FP32 by layer');
        return measureDrift({ int8, fp32, twin, profile: config.profile, dataset });
      },
    );
  } catch (error) {
    // An explanation that cannot be had takes nothing from the verdict.
    if (error instanceof InputError || error instanceof EnvironmentError) return null;
    throw error;
  }
}

const isAccuracy = ({ id }: { readonly id: string }): boolean =>
  !id.startsWith('evidence-') && !id.startsWith('regression.') && aspectOf(id) === 'accuracy';
