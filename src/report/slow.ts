import { aspectOf } from '../gate/thresholds/index.ts';
import type { Report, TargetReport } from '../gate/verdict/report.ts';

/** What holds operators of a model on a target. */
export interface SlowLines {
  readonly model: string;
  readonly target: string;
  readonly sentences: readonly string[];
}

/** Why INT8 is slow, where a check of speed is not passed: nobody asks otherwise. */
export const slowOf = (report: Report): SlowLines[] =>
  report.models.flatMap(({ name, targets }) =>
    targets
      .filter((target) => target.slow !== undefined && target.slow.length > 0 && tooSlow(target))
      .map(({ target, slow }) => ({ model: name, target, sentences: slow!.map(({ sentence }) => sentence) })),
  );

const tooSlow = ({ checks }: TargetReport): boolean =>
  checks.some(({ id, status }) => status !== 'pass' && aspectOf(id) === 'speed');
