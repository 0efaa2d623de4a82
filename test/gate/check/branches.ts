import { type CheckOptions, runCheck } from '../../../src/gate/check/run.ts';
import type { Report } from '../../../src/gate/verdict/report.ts';
import { parseNpy } from '../../../src/model/tensor/npy.ts';
import { TestRepository } from '../baseline/repository.ts';
import { denseModel, values } from './models.ts';

export const SAMPLES = 200;
const data = values(SAMPLES, 4);
const { data: reals } = parseNpy(data, 'x.npy');
export const rows = Array.from({ length: SAMPLES }, (_, i) => Array.from(reals.slice(4 * i, 4 * i + 4), Number));
export const labels = rows.map((row) => row.indexOf(Math.max(...row)));

/** Answers with the largest of four values; with `mixed` of the next one to each. */
export const model = (mixed = 0) => denseModel('int8', 1, mixed);

export const entry = (name: string, more: object = {}) => ({
  ...{ name, int8: `${name}.tflite`, fp32: 'fp32.tflite', data: { inputs: 'x.npy', labels: 'labels.txt' } },
  ...more,
});
/** JSON is YAML. */
export const config = (models: readonly object[], head: object = {}) =>
  JSON.stringify({ version: 1, targets: ['host'], ...head, models }, null, 1);
const FILES = { 'x.npy': data, 'labels.txt': labels.join('\n'), 'fp32.tflite': denseModel('float32', 1) };

export const MERGE_BASE = { kind: 'merge-base' } as const;

export const check = ({ folder }: TestRepository, options: Partial<CheckOptions> = {}) =>
  runCheck({ root: folder, now: new Date(), config: 'gate.yml', measure: 'none', baseline: MERGE_BASE, ...options });

export const targetOf = (report: Report, name: string) => {
  const model = report.models.find((each) => each.name === name)!;
  const [target] = model.targets;
  const statuses = Object.fromEntries(target.checks.map(({ id, status }) => [id, status]));
  const reason = (id: string) => target.checks.find((each) => each.id === id)?.reason ?? '';
  return { model, target, statuses, reason, notes: target.notes.join('\n') };
};

/** A repository whose branch topic starts from these files on main. */
export function branched(files: Readonly<Record<string, string | Uint8Array>>): TestRepository {
  const repository = TestRepository.create();
  repository.commit({ ...FILES, ...files });
  repository.git('checkout', '--quiet', '-b', 'topic');
  return repository;
}
