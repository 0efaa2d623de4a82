import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { buildPair } from '../../../src/gate/check/builds.ts';
import { accuracyByTarget } from '../../../src/gate/check/once.ts';
import { openPair } from '../../../src/gate/check/pair.ts';
import { parseConfig } from '../../../src/gate/config/load.ts';
import { openFiles } from '../../../src/gate/data/files.ts';
import { denseModel, values } from './models.ts';
import { Project } from './project.ts';

const project = new Project();

/** A cache of their own: figures that an earlier run of the tests has kept would not be computed. */
const cache = mkdtempSync(join(tmpdir(), 'int8-gate-once-'));
beforeAll(() => void vi.stubEnv('INT8_GATE_CACHE', cache));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

const [a53, n1] = [parseTarget('cortex-a53'), parseTarget('neoverse-n1')];

/** A pair of examples/shapes; `int8` in place of its INT8 model. */
function shapes(int8 = 'examples/shapes/shapes_int8.tflite') {
  const folder = 'examples/shapes';
  const entry = {
    ...{ name: 'shapes', int8, fp32: `${folder}/shapes_fp32.tflite` },
    data: {
      ...{ inputs: `${folder}/data/*.png`, labels: `${folder}/data/labels.csv`, limit: 40 },
      preprocess: { scale: 1 / 255, mean: 0.45, std: 0.25 },
    },
  };
  const config = parseConfig(JSON.stringify({ version: 1, models: [entry] }), 'gate.yml');
  return openPair(config.models[0], openFiles(process.cwd()));
}

/** Counts the lines of progress, which only a run over all samples gives. */
function counted() {
  const progress = { calls: 0, on: () => void progress.calls++ };
  return progress;
}

describe('accuracy on emulated targets', () => {
  it('of an integer model is computed once, and the report says where', async () => {
    const pair = shapes();
    const accuracyOn = accuracyByTarget(pair);
    const [first, second] = [counted(), counted()];
    const on53 = await accuracyOn(await buildPair(pair, a53, 1), first.on);
    const built = await buildPair(pair, n1, 1);
    const onN1 = await accuracyOn(built, second.on);
    // It is what the second target gives when it is asked itself.
    const { accuracy: own } = await accuracyByTarget(pair)(built, () => {});
    const { int8Target, ...figures } = onN1.accuracy;
    expect(own).toMatchObject(figures);
    expect(own).toMatchObject({ samples: 40, int8Target: 'neoverse-n1' });
    expect(on53.notes).toEqual([]);
    expect(first.calls).toBeGreaterThan(0);
    if (built.builds.int8.device.kind === 'native') {
      // FP32 runs as a build for each target then, and may differ.
      expect(int8Target).toBe('neoverse-n1');
      return;
    }
    expect(second.calls).toBe(0);
    expect(onN1.accuracy).toEqual(on53.accuracy);
    expect(int8Target).toBe('cortex-a53');
    expect(onN1.notes).toEqual([
      'Accuracy was computed on cortex-a53: every ARM64 build of an integer model gives the same bits, and on 8 samples this one did.',
    ]);
  });

  it('is not believed of a build that gives other bits', async () => {
    const pair = shapes();
    const accuracyOn = accuracyByTarget(pair);
    const { accuracy: good } = await accuracyOn(await buildPair(pair, a53, 1), () => {});
    // The broken model in the place of a build that a compiler got wrong.
    const other = counted();
    const wrong = await buildPair(shapes('examples/broken/shapes_int8.tflite'), n1, 1);
    const found = await accuracyOn(wrong, other.on);
    expect(other.calls).toBeGreaterThan(0);
    expect(found.accuracy.int8Target).toBe('neoverse-n1');
    expect(found.accuracy.int8).toBeLessThan(good.int8!);
    if (wrong.builds.int8.device.kind === 'qemu')
      expect(found.notes[0]).toMatch(/^INT8 outputs are not those of cortex-a53/);
  });

  it('of a model with float operators is computed on every target', async () => {
    const found = await project.verdict(
      {
        int8: project.file('hybrid.tflite', denseModel('hybrid', 1)),
        data: { inputs: project.file('x.npy', values(40, 4)) },
      },
      { targets: ['cortex-a53', 'neoverse-n1'] },
    );
    const targets = found.report.models[0].targets.map(({ accuracy }) => accuracy?.int8Target);
    expect(targets).toEqual(['cortex-a53', 'neoverse-n1']);
  });
});
