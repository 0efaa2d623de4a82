import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatTwin } from '../../../src/compiler/passes/float_twin.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Model } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { integerRange } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { good, goodArray, goodModel } from '../../fixtures/model/index.ts';
import { models } from '../../model/graphs.ts';

const main = (model: Model) => model.subgraphs[0];
const reals = (t: Tensor, data: ArrayLike<number>): Float32Array =>
  t.quantization === null
    ? Float32Array.from(data)
    : Float32Array.from(data, (q) => t.quantization!.scales[0] * (q - t.quantization!.zeroPoints[0]));

describe('floatTwin', () => {
  it('is a sound float model with the same inputs and outputs', () => {
    fc.assert(
      fc.property(models, (model) => {
        const twin = floatTwin(model);
        expect(twin.subgraphs.flatMap((g) => verifyGraph(g))).toEqual([]);
        expect(main(twin).tensors.filter((t) => t.dtype !== 'float32' && t.quantization !== null)).toEqual([]);
        const shapes = (m: Model, ids: readonly number[]) => ids.map((id) => main(m).tensors[id].shape);
        expect(shapes(twin, main(twin).inputs)).toEqual(shapes(model, main(model).inputs));
        expect(shapes(twin, main(twin).outputs)).toEqual(shapes(model, main(model).outputs));
      }),
    );
  });

  // One layer: the INT8 golden is the float result rounded to the output's scale, unless it saturates.
  const layers = [
    'conv_2d-int8-06',
    'conv_2d-int4-16',
    'conv_2d-uint8-05',
    'depthwise_conv_2d-int8-00',
    'fully_connected-int8-2',
    'add-int8-b',
    'average_pool_2d-int8-cv_a',
    'pad-int8-cv_a',
    'reshape-int8-a',
    'mean-int8-spatial',
    'conv_2d-int16-10',
  ];
  it.each(good.filter((c) => layers.includes(c.name)))(
    'of $name computes what TFLite rounds',
    ({ name, inputs, outputs }) => {
      const model = importModel(goodModel(name), name);
      const fed = inputs.map(({ file }, i) =>
        reals(main(model).tensors[main(model).inputs[i]], goodArray(file).data as Int8Array),
      );
      const computed = interpret(floatTwin(model), fed);
      for (const [i, { file }] of outputs.entries()) {
        const t = main(model).tensors[main(model).outputs[i]];
        const [low, high] = integerRange(t.dtype);
        const golden = goodArray(file).data as Int8Array;
        const wanted = reals(t, golden);
        const { scales } = t.quantization!;
        for (const [k, x] of (computed[i] as Float32Array).entries()) {
          const slack = 1.5 * scales[0];
          if (golden[k] === low) expect(x).toBeLessThanOrEqual(wanted[k] + slack);
          else if (golden[k] === high) expect(x).toBeGreaterThanOrEqual(wanted[k] - slack);
          else expect(Math.abs(x - wanted[k])).toBeLessThanOrEqual(slack);
        }
      }
    },
  );

  it('drops quantizing operators and keeps the names of outputs', () => {
    const model = importModel(goodModel('quantize-int8-to_uint8_5'), 'm');
    const twin = floatTwin(model);
    expect(main(twin).nodes).toEqual([]);
    expect(main(twin).outputs).toEqual(main(twin).inputs);
  });

  it('of FLOAT16 weights computes what the model itself computes', () => {
    const model = importModel(goodModel('fully_connected-float16w-0'), 'm');
    const twin = floatTwin(model);
    expect(main(twin).nodes.map((n) => n.kind)).toEqual(['nn.dense']);
    const fed = [goodArray('fully_connected-float16w-0.input0.npy').data];
    expect(interpret(twin, fed)).toEqual(interpret(model, fed));
  });
});
