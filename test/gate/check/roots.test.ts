import { expect, it } from 'vitest';
import { parseNpy } from '../../../src/model/tensor/npy.ts';
import { denseModel, values } from './models.ts';
import { Project } from './project.ts';

const data = values(60, 4);
const rows = Array.from({ length: 60 }, (_, i) => Array.from(parseNpy(data, 'x').data.slice(4 * i, 4 * i + 4), Number));
const labels = rows.map((row) => row.indexOf(Math.max(...row))).join('\n');

/** A checkout whose files have the same names as those of every other one. */
function checkout(model: Uint8Array): Project {
  const project = new Project();
  project.root = project.folder;
  project.file('model.tflite', model);
  project.file('x.npy', data);
  project.file('labels.txt', labels);
  return project;
}

const ENTRY = {
  ...{ int8: 'model.tflite', data: { inputs: 'x.npy', labels: 'labels.txt' } },
  thresholds: { 'min-accuracy': 0.9 },
};

it('checks two checkouts at once, each with the files under its own root', async () => {
  // One answers with the largest of four values, the other always with the next one.
  const [head, base] = [checkout(denseModel('int8', 1)), checkout(denseModel('int8', 1, 1))];
  const here = process.cwd();
  const [first, second] = await Promise.all([head.verdict(ENTRY), base.verdict(ENTRY)]);
  expect(first.target.accuracy?.int8).toBeGreaterThan(0.95);
  expect(second.target.accuracy?.int8).toBeLessThan(0.05);
  expect(first.statuses['min-accuracy']).toBe('pass');
  expect(second.statuses['min-accuracy']).toBe('fail');
  expect(process.cwd()).toBe(here);
});

it('says which folder was looked in', async () => {
  const project = new Project();
  project.root = project.folder;
  await expect(project.check(ENTRY)).rejects.toThrow(`model.tflite: no such file (looked in ${project.folder})`);
});
