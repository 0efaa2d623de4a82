import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { openPair } from '../../../src/gate/check/pair.ts';
import { parseConfig } from '../../../src/gate/config/load.ts';
import { openFiles } from '../../../src/gate/data/files.ts';
import { type TryOptions, tryChanges, tryRemedies } from '../../../src/gate/remedies/index.ts';
import { changed } from '../../../src/gate/remedies/variants.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { type Damage, MobileNet, patterns } from '../check/mobilenet.ts';
import { Project } from '../check/project.ts';

// A small MobileNet V2 of uint8, sound, and with the range of one layer cut off.
const project = new Project();
const net = new MobileNet();
const samples = patterns(160, 11);
const inputs = project.file(
  'images.npy',
  writeNpy({
    dtype: 'float32',
    shape: [160, 16, 16, 3],
    data: Float32Array.from(samples.flatMap((s) => [...s.image])),
  }),
);
const labels = project.file('labels.txt', samples.map(({ label }) => label).join('\n'));
const fp32 = project.file('float.tflite', net.file(null));
const host = parseTarget('host');

let count = 0;
function pairOf(damage: Damage, more: object = { data: { inputs, labels } }) {
  const int8 = project.file(`net${count++}.tflite`, net.file(damage));
  const text = JSON.stringify({ version: 1, targets: ['host'], models: [{ name: 'm', int8, fp32, ...more }] });
  const [config] = parseConfig(text, 'gate.yml').models;
  return openPair(config, openFiles(project.folder));
}
/** The node that writes the tensor. */
const layerOf = ({ models: { int8 } }: ReturnType<typeof pairOf>, name: string): number => {
  const [graph] = int8.subgraphs;
  return graph.nodes.findIndex(({ outputs }) => graph.tensors[outputs[0]].name === name);
};
const quick: TryOptions = { measure: 'none' };

describe('remedies', () => {
  it('give back what a range that is cut off has lost, in the metric of the pair', async () => {
    const sound = await tryRemedies(pairOf({}), host, [], quick);
    const pair = pairOf({ range: { layer: 'last', high: 0.7 } });
    const layer = layerOf(pair, 'last');
    const shown: string[] = [];
    const tried = await tryRemedies(pair, host, [layer], { ...quick, progress: (text) => shown.push(text) });
    const lost = 100 * (sound.int8! - tried.int8!);
    expect(lost).toBeGreaterThan(8);
    const [best] = tried.remedies.toSorted((a, b) => b.gain! - a.gain!);
    expect(best).toMatchObject({ layer, how: 'float32', unit: 'points', latency: null, slowerBy: null });
    expect(best.nodes.length).toBeGreaterThan(1);
    expect(best.gain).toBeCloseTo(100 * (best.accuracy! - tried.int8!), 9);
    expect(Math.abs(best.gain! - lost)).toBeLessThan(2);
    expect(best.interval![0]).toBeGreaterThan(0);
    expect(best.sentence).toMatch(/^layers? \d+ .*in float32: \+\d+\.\d\d points$/);
    expect(shown.at(0)).toBe('running INT8 and FP32');
    expect(shown.at(-1)).toMatch(/\((\d+) of \1\)$/);
    // Alone, the layer still writes the range that is cut off.
    const alone = tried.remedies.find(({ nodes, how }) => nodes.length === 1 && how === 'float32');
    expect(Math.abs(alone!.gain!)).toBeLessThan(lost / 4);
    // A user can have the file.
    const file = writeModel(changed(pair.models.int8, best, new Map()));
    expect(importModel(file, 'm').subgraphs[0].nodes.length).toBeGreaterThan(
      pair.models.int8.subgraphs[0].nodes.length,
    );
  });

  it('have gains in decibels where the metric is one', async () => {
    const pair = pairOf({ range: { layer: 'last', high: 0.7 } }, { metric: 'sqnr', data: { inputs } });
    const tried = await tryRemedies(pair, host, [layerOf(pair, 'last')], quick);
    const best = Math.max(...tried.remedies.map(({ gain }) => gain!));
    expect(best).toBeGreaterThan(6);
    expect(tried.remedies.map(({ sentence }) => sentence).join()).toMatch(/\+\d+\.\d dB/);
  });

  it('stop when the time is up, and say so', async () => {
    const pair = pairOf({});
    const tried = await tryRemedies(pair, host, [layerOf(pair, 'last')], { ...quick, seconds: 0 });
    expect(tried.remedies).toEqual([]);
    expect(tried.notes.at(-1)).toMatch(/^Stopped after 0 seconds: (\d+) of \1 changes were not tried\.$/);
  });

  it('say what a change costs, on hardware', async () => {
    const pair = pairOf({ range: { layer: 'last', high: 0.7 } });
    const layer = layerOf(pair, 'last');
    const { remedies } = await tryChanges(pair, host, [{ layer, how: 'float32', nodes: [layer] }], {
      measure: 'hardware',
    });
    expect(remedies).toHaveLength(1);
    for (const { latency, slowerBy, sentence } of remedies) {
      expect(latency).toMatchObject({ mode: 'hardware', unit: 'ns' });
      expect(slowerBy).toBeCloseTo(latency!.after / latency!.before - 1, 12);
      expect(sentence).toMatch(/, (as fast|[\d.]+ % (slower|faster))$/);
    }
  }, 120_000);
});
