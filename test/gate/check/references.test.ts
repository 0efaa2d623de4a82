import { describe, expect, it } from 'vitest';
import { runCheck } from '../../../src/gate/check/run.ts';
import { reportSchema } from '../../../src/gate/verdict/report.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { values } from './models.ts';
import { Project } from './project.ts';

const project = new Project();

/** A running sum of INT8 values in a variable, which LiteRT's WebAssembly build does not load. */
function runningSum(): Uint8Array {
  const tensor = (name: string, more: Partial<Tensor> = {}): Tensor => ({
    ...{ name, dtype: 'int8', shape: [1, 4], quantization: perTensor(1 / 64, 0), data: null },
    ...more,
  });
  const handle = tensor('handle', { dtype: 'resource', shape: [1], quantization: null });
  const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
    ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
  const main: Graph = {
    ...{ name: 'main', inputs: [0], outputs: [2] },
    tensors: [tensor('x'), handle, tensor('y'), tensor('before')],
    nodes: [
      node('var_handle', [], [1], { container: '', sharedName: 'sum' }),
      node('read_variable', [1], [3]),
      node('add', [0, 3], [2], { activation: 'NONE' }),
      node('assign_variable', [1, 2], []),
    ],
  };
  return writeModel({ name: 'm', description: '', subgraphs: [main], signatures: [] });
}

const check = (models: object[], more: object = {}) =>
  runCheck({
    ...{ now: new Date(), root: process.cwd(), measure: 'none' },
    config: project.file('gate.yml', JSON.stringify({ version: 1, targets: ['host'], models })),
    references: ['litert'],
    ...more,
  });

describe('a check with LiteRT beside it', () => {
  const data = { inputs: 'examples/tones/data/*.bin', labels: 'examples/tones/data/labels.csv', dtype: 'float32' };
  const tones = { name: 'tones', int8: 'examples/tones/tones_int8.tflite', data, thresholds: { 'min-sqnr': 1 } };

  it('tells the three drifts apart, by the published schema', async () => {
    const lines: string[] = [];
    const report = await check([tones, { ...tones, name: 'as-litert', profile: 'xnnpack' }], {
      progress: (line: string) => lines.push(line),
    });
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const [reference, rounded] = report.models.map(({ references }) => references);
    expect(reference).toMatchObject([{ name: 'litert', target: 'host', samples: 8, values: 64, fault: null }]);
    expect(reference?.[0].explanation).toContain('equal under profile xnnpack');
    expect(rounded).toMatchObject([{ differing: 0, largest: 0, explanation: null }]);
    expect(lines).toContain('tones on host: comparing with other runtimes');
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('**Three drifts**');
    expect(markdown).toContain('<code>tones</code> quantization');
    // An unchanged check takes what was found before.
    const again = await check([tones]);
    expect({ ...again.models[0].references?.[0], seconds: 0 }).toEqual({ ...reference?.[0], seconds: 0 });
  });

  it('says that LiteRT could not run a model, and judges it all the same', async () => {
    const int8 = project.file('sum.tflite', runningSum());
    const inputs = project.file('x.npy', values(20, 4));
    const models = [{ name: 'sum', int8, data: { inputs }, metric: 'sqnr', thresholds: { 'min-sqnr': 1 } }];
    const report = await check(models);
    const [{ references }] = report.models;
    expect(references).toMatchObject([{ samples: 0, values: 0, explanation: null }]);
    expect(references?.[0].fault).toMatch(/\S/);
    const alone = await check(models, { references: [] });
    expect(report.models[0].targets).toEqual(alone.models[0].targets);
    expect(report.verdict).not.toBe('fail');
    expect(renderMarkdown(report)).toContain('could not run this model');
  });

  it('leaves the report without references where none is asked for', async () => {
    const report = await check([tones], { references: [] });
    expect(report.models[0].references).toBeUndefined();
    expect(renderMarkdown(report)).not.toContain('Three drifts');
  });
});
