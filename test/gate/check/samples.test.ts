import { describe, expect, it } from 'vitest';
import type { CheckedSample } from '../../../src/gate/check/run.ts';
import type { ListedSide } from '../../../src/gate/metrics/listing.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { branched, check, config, entry, labels, model, rows, SAMPLES } from './branches.ts';
import { denseModel, values } from './models.ts';
import { Project } from './project.ts';

// Lists of samples, on models whose answers follow from the data alone.
const project = new Project();
const inputs = project.file('x.npy', values(SAMPLES, 4));
const names = ['north', 'east', 'south', 'west'];
const byName = project.file('names.txt', labels.map((k) => names[k]).join('\n'));
const exact = project.file('exact.tflite', denseModel('float32', 1));
const mixed = project.file('mixed.tflite', model(0.45));

const classOf = ({ answer }: ListedSide) => (typeof answer === 'object' ? (answer?.class ?? null) : answer);

async function listed(entry: object) {
  const samples: CheckedSample[] = [];
  const report = await project.check(entry, {}, { onSample: (sample) => samples.push(sample) });
  return { samples, accuracy: report.models[0].targets[0].accuracy! };
}

describe('listed samples', () => {
  const top1 = { int8: mixed, fp32: exact, data: { inputs, labels: byName, classes: names }, thresholds: {} };

  it('say what each side answered, and what changed, from the cache or not', async () => {
    await project.check(top1); // figures are kept now
    for (let round = 0; round < 2; round++) {
      const { samples, accuracy } = await listed(top1);
      expect(samples.map(({ index }) => index)).toEqual(rows.map((_, i) => i));
      for (const [i, sample] of samples.entries()) {
        expect(sample).toMatchObject({ model: 'm', target: 'host', files: [`${inputs} [${i}]`] });
        expect(sample.label).toEqual({ class: labels[i], name: names[labels[i]] });
        // The float model is the identity: it gives what it is fed.
        expect(sample.fp32.scores).toEqual(rows[i]);
        const name = names[labels[i]];
        expect(sample.fp32.answer).toEqual({ class: labels[i], name, score: Math.max(...rows[i]) });
        expect(sample.fp32.right).toBe(true);
        expect(sample.int8.right).toBe(classOf(sample.int8) === labels[i]);
        expect(sample.changed).toBe(classOf(sample.int8) !== labels[i]);
        expect(sample).not.toHaveProperty('base');
      }
      expect(samples.filter(({ changed }) => changed)).toHaveLength(accuracy.discordant!.fp32Only);
      expect(accuracy.discordant!.fp32Only).toBeGreaterThan(10);
    }
  }, 60_000);

  it('have values where a metric is on values, and ten scores at most', async () => {
    const wide = project.file('wide.npy', values(40, 4));
    const { samples } = await listed({ int8: mixed, fp32: exact, data: { inputs: wide, labels: wide }, metric: 'mse' });
    for (const { label, fp32, int8, changed } of samples) {
      expect(changed).toBeNull();
      expect(label).toEqual(fp32.scores);
      expect(fp32).toMatchObject({ answer: null, right: null, value: 0 });
      const error = int8.scores.reduce<number>((sum, y, k) => sum + (y! - fp32.scores[k]!) ** 2, 0) / 4;
      expect(int8.value).toBeCloseTo(error, 6);
    }
  }, 60_000);

  it('have the mean over the windows of a record, and the class that f1 counts', async () => {
    // Two windows each: the second repeats the first with the sign turned over, but for a quarter of class 1.
    const data = Float32Array.from({ length: 40 * 8 }, (_, i) => {
      const [row, k] = [Math.floor(i / 8), i % 8];
      const x = rows[row][k % 4];
      return k < 4 ? x : (k === 5 ? 0.25 : 0) - x;
    });
    const records = project.file('records.npy', writeNpy({ dtype: 'float32', shape: [40, 8], data }));
    const ones = project.file('ones.txt', Array.from({ length: 40 }, (_, i) => +(i % 2 === 0)).join('\n'));
    const { samples } = await listed({
      ...{ int8: project.file('half.tflite', denseModel('int8', 0.5)), fp32: exact },
      data: { inputs: records, labels: ones, window: { step: 4 } },
      ...{ metric: { name: 'f1', threshold: 0.1 }, score: 1 },
    });
    for (const [i, { int8, fp32, label, changed }] of samples.entries()) {
      expect(label).toEqual({ class: +(i % 2 === 0) });
      for (const [k, wanted] of [0, 0.125, 0, 0].entries()) expect(fp32.scores[k]).toBeCloseTo(wanted, 6);
      // 0.125 is above the threshold, half of it below.
      expect([classOf(fp32), fp32.right, classOf(int8), int8.right]).toEqual([1, i % 2 === 0, 0, i % 2 === 1]);
      expect(changed).toBe(true);
    }
  }, 60_000);
});

it('lists INT8 of the baseline beside the other two', async () => {
  const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
  repository.commit({ 'm.tflite': model(0.45) });
  const samples: CheckedSample[] = [];
  const report = await check(repository, { onSample: (sample) => samples.push(sample) });
  const { discordant } = report.models[0].targets[0].regression!.accuracy!;
  expect(samples).toHaveLength(SAMPLES);
  const only = (one: 'int8' | 'base', other: 'int8' | 'base') =>
    samples.filter((sample) => sample[one]!.right && !sample[other]!.right).length;
  expect({ baseOnly: only('base', 'int8'), headOnly: only('int8', 'base') }).toMatchObject({
    baseOnly: discordant!.baseOnly,
    headOnly: discordant!.headOnly,
  });
  for (const { changedFromBase, int8, base } of samples)
    expect(changedFromBase).toBe(classOf(int8) !== classOf(base!) || int8.right !== base!.right);
}, 60_000);
