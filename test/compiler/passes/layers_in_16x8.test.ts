import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { givesEqualBits } from '../../../src/compiler/equal_bits.ts';
import { floatTwin } from '../../../src/compiler/passes/float_twin.ts';
import { layersIn16x8 } from '../../../src/compiler/passes/layers_in_16x8.ts';
import { firstLayers, lastLayers, weighted, withReaders } from '../../../src/compiler/passes/regions.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { buildEngine } from '../../../src/gate/engines/build.ts';
import { runnerOrThrow } from '../../../src/gate/engines/engine.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Model, Node } from '../../../src/model/ir/graph.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { good, goodArray, goodModel } from '../../fixtures/model/index.ts';
import { models, randomOf } from '../../model/graphs.ts';
import { attempt, expectSound, realsOf } from './mixed.ts';

const WIDTH = 16;
const DEPTH = 3;

/** Fully connected layers one behind the other, without bias; `scales`: of the input and of each result. */
function chain(scales: readonly number[]): Model {
  const random = randomOf(5);
  const tensor = (more: Partial<Tensor>): Tensor => ({
    ...{ name: '', dtype: 'int8', shape: [1, WIDTH], quantization: null, data: null },
    ...more,
  });
  const tensors = [tensor({ name: 'x', quantization: perTensor(scales[0], 3) })];
  const nodes: Node[] = [];
  for (let n = 0; n < DEPTH; n++) {
    const data = Int8Array.from({ length: WIDTH * WIDTH }, () => Math.round(254 * (random() - 0.5)));
    const inputs = [tensors.length - 1, tensors.length];
    tensors.push(tensor({ name: `w${n}`, shape: [WIDTH, WIDTH], quantization: perTensor(1 / 256, 0), data }));
    tensors.push(tensor({ name: `y${n}`, quantization: perTensor(scales[n + 1], -2) }));
    const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false, weightsFormat: 'DEFAULT' };
    nodes.push({ kind: 'nn.dense', attrs, inputs, outputs: [inputs[1] + 1], source: n } as unknown as Node);
  }
  const graph = { name: 'main', tensors, nodes, inputs: [0], outputs: [tensors.length - 1] };
  return { name: 'chain', description: '', subgraphs: [graph], signatures: [] };
}

const input = Int8Array.from({ length: WIDTH }, (_, i) => 15 * i - 120);
/** Root mean square of the difference to the FP32 twin's results. */
function errorOf(model: Model, origin: Model): number {
  const [graph] = origin.subgraphs;
  const wanted = interpret(floatTwin(origin), [realsOf(graph.tensors[0], input)])[0] as Float32Array;
  const found = realsOf(graph.tensors[graph.outputs[0]], interpret(model, [input])[0] as Int8Array);
  return Math.sqrt(found.reduce((sum, y, i) => sum + (y - wanted[i]) ** 2, 0) / found.length);
}

describe('layers in int16x8', () => {
  it('are sound models, whichever layers they are, and give the same bits everywhere', () => {
    fc.assert(
      fc.property(models, fc.array(fc.nat(), { maxLength: 4 }), (model, chosen) => {
        const { nodes } = model.subgraphs[0];
        const changed = attempt(() =>
          layersIn16x8(
            model,
            chosen.map((n) => n % nodes.length),
          ),
        );
        if (changed === null) return;
        expectSound(changed, model);
        expect(givesEqualBits(changed)).toBe(givesEqualBits(model));
      }),
    );
  });

  it.each(['conv_2d-int8-06', 'depthwise_conv_2d-int8-00', 'fully_connected-int8-2'])(
    "give TFLite's integers of %s, to one step, where they stand alone",
    (name) => {
      const { inputs, outputs } = good.find((c) => c.name === name)!;
      const model = importModel(goodModel(name), name);
      const changed = layersIn16x8(model, [0]);
      expectSound(changed, model);
      const found = interpret(
        changed,
        inputs.map(({ file }) => goodArray(file).data),
      );
      const golden = goodArray(outputs[0].file).data as Int8Array;
      for (const [k, code] of (found[0] as Int8Array).entries()) expect(Math.abs(code - golden[k])).toBeLessThan(2);
    },
  );

  it('take away the error of a scale that is too coarse, and of a range that is cut off', () => {
    const sound = chain([1 / 64, 1 / 32, 1 / 16, 1 / 16]);
    const half = 1 / 32; // of a step of the output
    for (const damaged of [chain([1 / 64, 1 / 4, 1 / 16, 1 / 16]), chain([1 / 64, 1 / 256, 1 / 16, 1 / 16])]) {
      const region = withReaders(damaged.subgraphs[0], 0);
      expect(region).toEqual([0, 1]);
      const mended = layersIn16x8(damaged, region);
      expectSound(mended, damaged);
      expect(errorOf(damaged, damaged)).toBeGreaterThan(1.5 * errorOf(sound, sound));
      expect(errorOf(mended, damaged)).toBeLessThan(1.2 * half);
      // Between int8 tensors a layer alone gains nothing.
      const alone = errorOf(layersIn16x8(damaged, [0]), damaged);
      expect(alone / errorOf(damaged, damaged)).toBeCloseTo(1, 1);
    }
  });

  it('come out of a build as out of the interpreter', async () => {
    const model = chain([1 / 64, 1 / 32, 1 / 16, 1 / 16]);
    const changed = layersIn16x8(model, lastLayers(model.subgraphs[0], 2));
    const engine = buildEngine(parseTarget('host'));
    const runner = runnerOrThrow((await engine.prepare([{ model: changed, name: 'm', symbol: 'm' }]))[0]);
    expect(await runner.run([[input]])).toEqual([interpret(changed, [input])]);
  });

  it('are runs of layers at either end', () => {
    const [graph] = chain([1, 1, 1, 1]).subgraphs;
    expect(weighted(graph)).toEqual([0, 1, 2]);
    expect(firstLayers(graph, 2)).toEqual([0, 1]);
    expect(lastLayers(graph, 1)).toEqual([2]);
    expect(lastLayers(graph, 7)).toEqual(firstLayers(graph, 7));
  });
});
