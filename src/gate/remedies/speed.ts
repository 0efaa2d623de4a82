import type { Target } from '../../compiler/targets/index.ts';
import type { Model } from '../../model/ir/graph.ts';
import { toBytes } from '../../model/tensor/dtype.ts';
import { autoMode, type MeasureMode, measure } from '../../runtime/measure.ts';
import { type Figures, spread } from '../../runtime/timing/index.ts';
import { buildEngine } from '../engines/build.ts';
import { runnerOrThrow } from '../engines/engine.ts';
import { inferencesOf } from '../engines/stream.ts';
import type { Subject } from './subject.ts';

/** What one inference takes, before and after a change. */
export interface Cost {
  readonly mode: MeasureMode;
  readonly unit: 'ns' | 'cycles';
  readonly before: number;
  readonly after: number;
}

/** How speed is found: `auto` is hardware where this machine runs the target's code, modelled cycles elsewhere. */
export type SpeedChoice = 'auto' | MeasureMode | 'none';

/** Within a few percent is enough for advice. */
const decided = ({ interval: [low, high] }: Figures): boolean => high / low < 1.05;

/**
 * Measures a changed model beside INT8 on the target, in one program; null where nothing is to be measured.
 * @throws InputError or EnvironmentError as `measure` does
 */
export async function costOf(
  { models: { int8 }, dataset, config }: Subject,
  model: Model,
  target: Target,
  choice: SpeedChoice,
): Promise<Cost | null> {
  if (choice === 'none') return null;
  const mode = choice === 'auto' ? autoMode(target) : choice;
  const threads = mode === 'hardware' ? config.threads : 1;
  const { profile } = config;
  const prepared = await buildEngine(target, { threads }).prepare([
    { model: int8, name: 'INT8', symbol: 'before', profile },
    { model, name: 'INT8 changed', symbol: 'after', profile },
  ]);
  const [before, after] = prepared.map(runnerOrThrow);
  const { image } = after;
  const chosen = spread(Array.from({ length: dataset.size }, (_, index) => index));
  const inputs = chosen.map((index) => inferencesOf(dataset.load(index), 'int8', after.inputs)[0].map(toBytes));
  const [first, second] = [image.builds.indexOf(before.build), image.builds.indexOf(after.build)];
  const samples = new Map([first, second].map((index) => [index, inputs]));
  // INT8 stands where FP32 stands in a check.
  const found = await measure(image, target, mode, { int8: second, fp32: first, threads, samples, decided });
  // Of times, the interleaved ratio counts; of cycles it is the same.
  return { mode, unit: found.unit, before: found.fp32.median, after: found.fp32.median / found.speedup };
}
