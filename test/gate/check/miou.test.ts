import { describe, expect, it } from 'vitest';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { randomOf } from '../../model/graphs.ts';
import { expModel } from './models.ts';
import { Project } from './project.ts';

// A segmentation from configuration to verdict: the data say what the figures have to be.
const project = new Project();
const random = randomOf(6);
const [COUNT, SIDE, CLASSES] = [60, 8, 3];
const PIXELS = SIDE * SIDE;

/** A rectangle of class 1, a row of class 2, a border that does not count. */
const masks = Uint8Array.from({ length: COUNT * PIXELS }, (_, at) => {
  const [i, y, x] = [Math.floor(at / PIXELS), Math.floor(at / SIDE) % SIDE, at % SIDE];
  if (x === 0) return 255;
  return y === i % SIDE ? 2 : x > 1 + (i % 5) ? 1 : 0;
});
const int8 = project.file('segments.tflite', expModel([1, SIDE, SIDE, CLASSES]));
const labels = project.file('masks.npy', writeNpy({ dtype: 'uint8', shape: [COUNT, SIDE, SIDE], data: masks }));
const inputs = (name: string, of: (label: number) => number) => {
  const data = Float32Array.from({ length: masks.length * CLASSES }, (_, at) => {
    const best = of(masks[Math.floor(at / CLASSES)]);
    return (at % CLASSES === best ? 1 : 0) + random() / 4;
  });
  return project.file(name, writeNpy({ dtype: 'float32', shape: [COUNT, SIDE, SIDE, CLASSES], data }));
};
const check = (of: string, more: object = {}) =>
  project.verdict({
    ...{ int8, data: { inputs: of, labels }, metric: 'miou' },
    thresholds: { 'min-accuracy': '90%', 'max-accuracy-drop': 5, 'min-agreement': '95%' },
    ...more,
  });

describe('miou', () => {
  it('passes where every pixel is right', async () => {
    const found = await check(inputs('right.npy', (label) => label));
    expect(found.statuses).toEqual({ 'max-accuracy-drop': 'pass', 'min-accuracy': 'pass', 'min-agreement': 'pass' });
    expect(found.target.accuracy).toMatchObject({ metric: 'miou', kind: 'share', int8: 1, fp32: 1, drop: 0 });
    expect(found.target.accuracy!.evidence.chance).toMatchObject({ by: 'the commonest class' });
    expect(renderMarkdown(found.report)).toMatch(/miou 100\.00 %/);
  }, 60_000);

  it('fails where a class is never answered', async () => {
    // Class 2 becomes 1: class 0 stays, class 2 has nothing, of class 1 its own remain among its own and those of 2.
    const found = await check(inputs('two.npy', (label) => (label === 2 ? 1 : label)));
    const count = (k: number) => masks.filter((label) => label === k).length;
    const expected = (1 + count(1) / (count(1) + count(2))) / 3;
    expect(found.target.accuracy!.int8).toBeCloseTo(expected, 12);
    expect(found.statuses).toMatchObject({ 'min-accuracy': 'fail', 'max-accuracy-drop': 'pass' });
    expect(found.reason('min-accuracy')).toMatch(/^INT8 miou is \d\d\.\d\d %/);
  }, 60_000);

  it('takes a mask a sample by a glob, and counts it among the data', async () => {
    for (let i = 0; i < COUNT; i++) {
      const data = masks.slice(i * PIXELS, (i + 1) * PIXELS);
      const name = `masks/${`${i}`.padStart(3, '0')}.npy`;
      project.file(name, writeNpy({ dtype: 'uint8', shape: [SIDE, SIDE], data }));
    }
    const data = { inputs: inputs('right.npy', (label) => label), labels: `${project.folder}/masks/*.npy` };
    const found = await check(data.inputs, { data });
    expect(found.target.accuracy).toMatchObject({ samples: COUNT, int8: 1, fp32: 1 });
    const missing = check(data.inputs, { data: { ...data, labels: `${project.folder}/nowhere/*.png` } });
    await expect(missing).rejects.toThrow(/labels: .*nowhere\/\*\.png: matches no file/);
  }, 60_000);

  it('says where a label is no class of the model', async () => {
    const given = check(
      inputs('right.npy', (label) => label),
      { metric: { name: 'miou', ignore: 0 } },
    );
    await expect(given).rejects.toThrow('sample 0 has the label 255 at pixel 0, but the model has 3 classes');
  }, 60_000);
});
