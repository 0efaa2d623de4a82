/** Random operators that pick among boxes, and slices written at run time. */
import fc from 'fast-check';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import type { Shape } from '../../src/model/tensor/shape.ts';
import { type Case, quantization, shapes, tensor } from '../compiler/draws.ts';
import { randomOf } from '../model/graphs.ts';

const part = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround);
const real = (shape: Shape, ...values: readonly number[]) =>
  tensor('float32', shape, null, values.length > 0 ? Float32Array.from(values) : null);

export const suppressions: fc.Arbitrary<Case> = fc
  .record({
    soft: fc.boolean(),
    boxes: fc.integer({ min: 1, max: 30 }),
    most: fc.nat(20),
    limits: fc.tuple(part, part, part),
  })
  .map(({ soft, boxes, most, limits: [overlap, score, sigma] }) => ({
    kind: soft ? 'vision.soft_non_max_suppression' : 'vision.non_max_suppression',
    attrs: {},
    operands: [
      real([boxes, 4]),
      real([boxes]),
      tensor('int32', [], null, Int32Array.of(most)),
      real([], overlap),
      real([], score - 0.5),
      ...(soft ? [real([], sigma)] : []),
    ],
    dtype: 'int32',
    quantization: null,
    more: soft ? ['float32', 'int32'] : ['int32'],
  }));

export const detections: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>('float32', 'uint8'),
    boxes: fc.integer({ min: 1, max: 20 }),
    classes: fc.integer({ min: 1, max: 5 }),
    counts: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 })),
    flags: fc.tuple(fc.boolean(), fc.boolean()),
    limits: fc.tuple(part, fc.double({ min: 0.1, max: 1, noNaN: true }).map(Math.fround)),
    seed: fc.nat(),
  })
  .map(({ dtype, boxes, classes, counts, flags: [background, useRegularNms], limits, seed }) => {
    const [maxDetections, maxClassesPerDetection, detectionsPerClass] = counts;
    const random = randomOf(seed);
    const q = (scale: number, zeroPoint: number) => (dtype === 'uint8' ? perTensor(scale, zeroPoint) : null);
    const anchors = Array.from({ length: 4 * boxes }, () => random());
    return {
      kind: 'vision.detection_postprocess',
      attrs: {
        ...{ maxDetections, maxClassesPerDetection, detectionsPerClass, useRegularNms },
        ...{ scoreThreshold: limits[0], iouThreshold: limits[1], numClasses: classes },
        ...{ yScale: 10, xScale: 10, hScale: 5, wScale: 5 },
      },
      operands: [
        tensor(dtype, [1, boxes, 4], q(0.1, 128)),
        tensor(dtype, [1, boxes, classes + (background ? 1 : 0)], q(1 / 256, 0)),
        dtype === 'uint8'
          ? tensor(
              dtype,
              [boxes, 4],
              q(1 / 256, 0),
              Uint8Array.from(anchors, (a) => a * 256),
            )
          : real([boxes, 4], ...anchors),
      ],
      dtype: 'float32',
      quantization: null,
      more: ['float32', 'float32', 'float32'],
    } satisfies Case;
  });

export const updates: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool'),
    shape: shapes,
  })
  .chain(({ dtype, shape }) =>
    fc
      .tuple(quantization(dtype), fc.tuple(...shape.map((n) => fc.integer({ min: 1, max: n }))), fc.boolean())
      .map(([q, size, long]): Case => {
        const start = long ? BigInt64Array.from(shape, (_, i) => BigInt(i)) : null;
        const operands = [
          tensor(dtype, shape, q),
          tensor(dtype, size, q),
          tensor(long ? 'int64' : 'int32', [shape.length], null, start),
        ];
        return { kind: 'dynamic_update_slice', attrs: {}, operands, dtype, quantization: q };
      }),
  );
