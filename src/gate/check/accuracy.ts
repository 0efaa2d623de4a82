import { z } from 'zod';
import { identityOf, kept } from '../engines/kept.ts';
import { runSamples } from '../engines/stream.ts';
import { type Accuracy, accuracySchema } from '../figures/accuracy.ts';
import { type AccuracyRegression, accuracyRegressionSchema } from '../figures/regression.ts';
import { startEvaluation } from '../metrics/evaluation.ts';
import { countInputs } from '../metrics/inputs.ts';
import { type ListedSample, startListing } from '../metrics/listing.ts';
import { startRegression } from '../metrics/regression.ts';
import { type BySide, mapSides, sidesOf, valuesOf } from '../sides.ts';
import type { SampleRunner } from './builds.ts';
import type { ModelPair } from './pair.ts';

const measuredSchema = z.object({ accuracy: accuracySchema, regression: accuracyRegressionSchema.nullable() });

/** INT8 against FP32, and against INT8 of the baseline where that takes part. */
export interface MeasuredAccuracy {
  readonly accuracy: Accuracy;
  readonly regression: AccuracyRegression | null;
  /** Every sample, where that was asked for. */
  readonly samples?: readonly ListedSample[];
}

/**
 * Runs all samples through the models of all sides and compares; or takes what an earlier run found with the same programs
 * and the same data. What is kept holds figures alone: where samples are listed, all run.
 *
 * @param listing whether every sample is to be listed
 * @param onProgress called with the share that is done, 0 to 1
 */
export function measureAccuracy(
  pair: ModelPair,
  runners: BySide<SampleRunner>,
  onProgress: (share: number) => void,
  listing = false,
): Promise<MeasuredAccuracy> {
  if (listing) return measure(pair, runners, onProgress, listing);
  const parts = [
    'accuracy',
    pair.dataDigest,
    `${pair.twin} ${pair.config.confidence}`,
    sidesOf(runners).join(),
    ...valuesOf(runners).flatMap(identityOf),
  ];
  return kept(
    parts,
    (value) => measuredSchema.parse(value),
    () => measure(pair, runners, onProgress, listing),
  );
}

async function measure(
  { config, dataset, metric, twin }: ModelPair,
  runners: BySide<SampleRunner>,
  onProgress: (share: number) => void,
  listing: boolean,
): Promise<MeasuredAccuracy> {
  const { outputs } = runners.int8;
  const evaluation = startEvaluation(metric, outputs, dataset.size, twin, config.confidence);
  const inputs = countInputs(mapSides(runners, (runner) => runner.inputs));
  const regression =
    runners.base === undefined ? null : startRegression(metric, outputs, dataset.size, config.confidence);
  const list = listing ? startListing(metric, outputs, dataset.labels) : null;
  const subscribers = [inputs, evaluation, regression, list].filter((subscriber) => subscriber !== null);
  for await (const sample of runSamples(dataset, runners, onProgress)) {
    for (const subscriber of subscribers) subscriber.add(sample);
  }
  const { reference, ...figures } = evaluation.finish();
  const evidence = { ...inputs.finish(), ...reference };
  const { int8, fp32 } = runners;
  const accuracy = { ...figures, int8Target: int8.engine, fp32Target: fp32.engine, evidence };
  const samples = list && { samples: list.finish() };
  return { accuracy, regression: regression?.finish() ?? null, ...samples };
}
