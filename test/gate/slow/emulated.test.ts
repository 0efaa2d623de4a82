import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { layersInFloat } from '../../../src/compiler/passes/layers_in_float.ts';
import { runCheck } from '../../../src/gate/check/run.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { Project } from '../check/project.ts';

const examples = join(import.meta.dirname, '..', '..', '..', 'examples', 'shapes');
const project = new Project();

// The convolution that works most, #6, is put into float32, and becomes #7 of the file, behind the operator that dequantizes what it reads.
it('finds the operator that runs in float inside an INT8 build, and the report says so', async () => {
  const int8 = join(examples, 'shapes_int8.tflite');
  const odd = layersInFloat(importModel(readFileSync(int8), int8), [6]);
  const entry = (name: string, file: string) => ({
    ...{ name, int8: file, fp32: join(examples, 'shapes_fp32.tflite'), thresholds: { 'min-speedup': 99 } },
    data: {
      ...{ inputs: join(examples, 'data/*.png'), labels: join(examples, 'data/labels.csv'), limit: 8 },
      preprocess: { scale: 1 / 255, mean: 0.45, std: 0.25 },
    },
  });
  const models = [entry('odd', project.file('odd.tflite', writeModel(odd))), entry('sound', int8)];
  const config = project.file('gate.yml', JSON.stringify({ version: 1, targets: ['cortex-a72'], models }));
  const report = await runCheck({ now: new Date(), root: process.cwd(), config, measure: 'modelled' });
  const [slow, sound] = report.models.map(({ targets }) => targets[0].slow!);
  expect(slow[0]).toMatchObject({ why: 'float', operator: expect.stringMatching(/^#7 nn\.conv2d/) });
  expect(slow[0].share).toBeGreaterThan(0.3);
  expect(slow.length).toBeLessThanOrEqual(5);
  expect(sound.map(({ why }) => why)).not.toContain('float');
  // ADD of INT8 rescales both operands, which its float counterpart does not have to.
  expect(sound).toContainEqual(expect.objectContaining({ why: 'no-gain', operator: expect.stringMatching(/^#7 add/) }));
  expect(renderTerminal(report)).toMatch(/Why odd is slow on cortex-a72:\n.*#7 nn\.conv2d.*computes in float32 within/);
  expect(renderMarkdown(report)).toMatch(/- Why <code>odd<\/code> is slow on cortex-a72:\n {2}- .*computes in float32/);
  const passed = {
    ...report,
    models: report.models.map((model) => ({
      ...model,
      targets: model.targets.map((target) => ({ ...target, checks: [] })),
    })),
  };
  expect(renderTerminal(passed)).not.toContain('Why odd');
}, 240_000);
