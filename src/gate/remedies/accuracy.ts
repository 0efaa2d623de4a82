import { parseTarget, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError } from '../../errors.ts';
import type { Model } from '../../model/ir/graph.ts';
import { buildEngine } from '../engines/build.ts';
import { type ModelSource, type Runner, runnerOrThrow, type Tensors } from '../engines/engine.ts';
import { runSamples } from '../engines/stream.ts';
import { startEvaluation } from '../metrics/evaluation.ts';
import { startRegression } from '../metrics/regression.ts';
import type { Subject } from './subject.ts';

/** Accuracy of a changed model, and what it gained over INT8 on the same samples. */
export interface Gain {
  /** The metric. */
  readonly accuracy: number | null;
  /** How much better than INT8, in the unit of the metric's drop; null where either has no figure. */
  readonly gain: number | null;
  /** 95 % interval of the gain over paired samples. */
  readonly interval: readonly [number, number] | null;
}

/** Scores changed models one after the other; INT8 and FP32 run once, as far as their outputs fit into memory. */
export interface Judge {
  readonly int8: number | null;
  readonly fp32: number | null;
  score(model: Model, onProgress: (share: number) => void): Promise<Gain>;
}

/**
 * Readies INT8 and FP32, and runs all samples through them.
 * @param target builds run on this machine, or where it has no compiler of its own, on what the target asks for
 */
export async function startJudge(
  subject: Subject,
  target: Target,
  onProgress: (share: number) => void,
): Promise<Judge> {
  const { metric, dataset, config, twin, models } = subject;
  const prepare = preparing(target, config.profile);
  const [int8, fp32] = [kept(await prepare(models.int8, 'int8')), kept(await prepare(models.fp32, 'fp32'))];
  const run = async (head: Runner, report: (share: number) => void) => {
    const evaluation = startEvaluation(metric, head.outputs, dataset.size, twin, config.confidence);
    const regression = startRegression(metric, head.outputs, dataset.size, config.confidence);
    // The model that is changed stands where INT8 of a baseline stands.
    const samples = {
      ...dataset,
      load: (index: number) => {
        const sample = dataset.load(index);
        return { ...sample, inputs: { int8: sample.inputs.int8, fp32: sample.inputs.fp32, base: sample.inputs.int8 } };
      },
    };
    const sides = { int8: head, fp32: fp32.again(), base: int8.again() };
    for await (const sample of runSamples(samples, sides, report)) {
      evaluation.add(sample);
      regression.add(sample);
    }
    return { own: evaluation.finish(), against: regression.finish() };
  };
  const first = await run(int8.again(), onProgress);
  return {
    int8: first.own.int8,
    fp32: first.own.fp32,
    async score(model, report) {
      const { own, against } = await run(await prepare(model, 'changed'), report);
      const interval = against.interval && ([0 - against.interval[1], 0 - against.interval[0]] as const);
      return { accuracy: own.int8, gain: against.drop === null ? null : 0 - against.drop, interval };
    },
  };
}

/** Compiles for this machine, as FP32 is for accuracy: all builds agree within rounding, and emulated floats are slow. */
function preparing(target: Target, profile: Subject['config']['profile']) {
  let engine = buildEngine(parseTarget('host'));
  return async (model: Model, symbol: string): Promise<Runner> => {
    const source: ModelSource = { model, name: model.name, symbol, profile };
    try {
      return runnerOrThrow((await engine.prepare([source]))[0]);
    } catch (error) {
      if (!(error instanceof EnvironmentError) || engine.name === target.name) throw error;
      engine = buildEngine(target);
      return runnerOrThrow((await engine.prepare([source]))[0]);
    }
  };
}

/** Outputs that a model keeps for the next run of the same samples, at most. */
const KEPT_BYTES = 256 << 20;

/** A runner whose outputs are kept: `again` gives one that answers the same questions in the same order. */
function kept(runner: Runner): { again(): Runner } {
  const answers: Tensors[][] = [];
  let bytes = 0;
  const again = (): Runner => {
    let asked = 0;
    return {
      ...runner,
      async run(inferences, options) {
        const turn = asked++;
        if (answers[turn]?.length === inferences.length) return answers[turn];
        const results = await runner.run(inferences, options);
        const size = results.flat().reduce((sum, { byteLength }) => sum + byteLength, 0);
        if (turn === answers.length && bytes + size <= KEPT_BYTES) {
          answers.push(results);
          bytes += size;
        }
        return results;
      },
    };
  };
  return { again };
}
