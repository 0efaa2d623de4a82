import type { Runner } from '../engines/engine.ts';
import { runSamples } from '../engines/stream.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { startEvaluation } from '../metrics/evaluation.ts';
import { countInputs } from '../metrics/inputs.ts';
import { type BySide, mapSides } from '../sides.ts';
import type { ModelPair } from './pair.ts';

/**
 * Runs all samples through the models of all sides and compares.
 *
 * @param onProgress called with the share that is done, 0 to 1
 */
export async function measureAccuracy(
  { config, dataset, metric, twin }: ModelPair,
  runners: BySide<Runner>,
  onProgress: (share: number) => void,
): Promise<Accuracy> {
  const evaluation = startEvaluation(metric, runners.int8.outputs, dataset.size, twin, config.confidence);
  const inputs = countInputs(mapSides(runners, (runner) => runner.inputs));
  for await (const sample of runSamples(dataset, runners, onProgress)) {
    for (const subscriber of [inputs, evaluation]) subscriber.add(sample);
  }
  const { reference, ...figures } = evaluation.finish();
  return {
    ...figures,
    int8Target: runners.int8.engine,
    fp32Target: runners.fp32.engine,
    evidence: { ...inputs.finish(), ...reference },
  };
}
