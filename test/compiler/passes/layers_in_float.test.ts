import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatTwin } from '../../../src/compiler/passes/float_twin.ts';
import { layersInFloat } from '../../../src/compiler/passes/layers_in_float.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { isQuantizable } from '../../../src/model/tensor/dtype.ts';
import { quantizeValue } from '../../../src/model/tensor/quantization.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { good, goodArray, goodModel } from '../../fixtures/model/index.ts';
import { models } from '../../model/graphs.ts';
import { networks } from '../../property/networks.ts';
import { graphOf, problemsOf } from '../operators.ts';
import { recurrentFamilies } from '../recurrent.ts';
import { attempt, expectSound, realsOf } from './mixed.ts';

describe('layers in float', () => {
  it('are sound models, whichever layers they are', () => {
    fc.assert(
      fc.property(models, fc.array(fc.nat(), { maxLength: 4 }), (model, chosen) => {
        const { nodes } = model.subgraphs[0];
        const changed = attempt(() =>
          layersInFloat(
            model,
            chosen.map((n) => n % nodes.length),
          ),
        );
        if (changed !== null) expectSound(changed, model);
      }),
    );
  });

  // The other way to compute the same: dequantize the inputs by hand, run the twin, quantize its results by hand.
  it('compute what the FP32 twin does, where all are', () => {
    let compared = 0;
    fc.assert(
      fc.property(networks, ({ model, runs }) => {
        const [graph] = model.subgraphs;
        const scaled = graph.tensors[graph.inputs[0]];
        if (!isQuantizable(scaled.dtype) || scaled.quantization === null) return;
        const changed = layersInFloat(model, graph.nodes.keys());
        expectSound(changed, model);
        const [inputs] = runs;
        const fed = inputs.map((data, i) => realsOf(graph.tensors[graph.inputs[i]], data as Int8Array));
        const twin = floatTwin(model);
        const wanted = interpret(twin, fed);
        const found = interpret(changed, inputs);
        for (const [i, id] of graph.outputs.entries()) {
          const { dtype, quantization } = graph.tensors[id];
          const { scales, zeroPoints } = quantization!;
          const codes = Array.from(wanted[i] as Float32Array, (x) => quantizeValue(x, scales[0], zeroPoints[0], dtype));
          expect(Array.from(found[i] as Int8Array)).toEqual(codes);
          compared += codes.length;
        }
      }),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  // TFLite's INT8 golden is the float result rounded to the output's scale, within the rounding of both.
  it.each(['conv_2d-int8-06', 'depthwise_conv_2d-int8-00', 'fully_connected-int8-2', 'add-int8-b', 'conv_2d-uint8-05'])(
    "give TFLite's integers of %s, to one step",
    (name) => {
      const { inputs, outputs } = good.find((c) => c.name === name)!;
      const model = importModel(goodModel(name), name);
      const fed = inputs.map(({ file }) => goodArray(file).data);
      const found = interpret(layersInFloat(model, [0]), fed);
      for (const [i, { file }] of outputs.entries()) {
        const golden = goodArray(file).data as Int8Array;
        for (const [k, code] of (found[i] as Int8Array).entries()) expect(Math.abs(code - golden[k])).toBeLessThan(2);
      }
    },
  );

  it('take weights that the caller gives, and refuse those of another size', () => {
    const name = 'fully_connected-int8-2';
    const model = importModel(goodModel(name), name);
    const [graph] = model.subgraphs;
    const [x, weights] = graph.nodes[0].inputs;
    const zeros = new Float32Array(graph.tensors[weights].data!.length);
    const bias = graph.nodes[0].inputs[2];
    const none = bias === undefined || bias < 0 ? [] : [[bias, new Float32Array(graph.tensors[bias].data!.length)]];
    const changed = layersInFloat(model, [0], new Map([[weights, zeros], ...(none as [number, Float32Array][])]));
    const input = new Int8Array(graph.tensors[x].shape.reduce((a, b) => a * b, 1)).fill(3);
    const [zeroPoint] = graph.tensors[graph.outputs[0]].quantization!.zeroPoints;
    expect(new Set(interpret(changed, [input])[0] as Int8Array)).toEqual(new Set([zeroPoint]));
    expect(() => layersInFloat(model, [0], new Map([[weights, new Float32Array(1)]]))).toThrow(
      /1 float values for the \d+ elements .* INT8 model's layout/,
    );
  });

  it('leave alone what keeps a state', () => {
    fc.assert(
      fc.property(recurrentFamilies.svdf, (drawn) => {
        fc.pre(drawn.dtype === 'int8' && problemsOf(drawn).length === 0);
        const model = { name: 'svdf', description: '', subgraphs: [graphOf([drawn])], signatures: [] };
        expect(() => layersInFloat(model, [0])).toThrow(/cannot be computed in float32: it keeps a state/);
      }),
      { numRuns: 5 },
    );
  });
});
