import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { good, goodModel } from '../../fixtures/model/index.ts';
import { models } from '../graphs.ts';

describe('writeModel', () => {
  it('is undone by importModel', () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(model.subgraphs.flatMap((g) => verifyGraph(g))).toEqual([]);
        expect(importModel(writeModel(model), 'random.tflite')).toEqual(model);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same bytes for the same model', () => {
    fc.assert(
      fc.property(models, (model) => {
        const first = writeModel(model);
        expect(writeModel(importModel(first, 'random.tflite'))).toEqual(first);
      }),
    );
  });

  it.each(good)('writes $name as it was imported', ({ name }) => {
    const model = importModel(goodModel(name), name);
    expect(importModel(writeModel(model), name)).toEqual(model);
  });

  it('refuses what TFLite has no form for', () => {
    const model = importModel(goodModel('conv_2d-int8-06'), 'm');
    const [graph] = model.subgraphs;
    const padding = { top: 1, bottom: 1, left: 1, right: 1 };
    const nodes = graph.nodes.map((n) => (n.kind === 'nn.conv2d' ? { ...n, attrs: { ...n.attrs, padding } } : n));
    expect(() => writeModel({ ...model, subgraphs: [{ ...graph, nodes }] })).toThrow(/explicit padding/);
  });
});
