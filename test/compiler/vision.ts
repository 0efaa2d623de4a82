/** Random non-maximum suppressions and detections. */
import fc from 'fast-check';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { type Case, tensor } from './draws.ts';

const real = (value: number): Tensor => tensor('float32', [], null, Float32Array.of(value));

const suppression: fc.Arbitrary<Case> = fc
  .record({
    soft: fc.boolean(),
    boxes: fc.integer({ min: 0, max: 40 }),
    most: fc.integer({ min: 0, max: 20 }),
    overlap: fc.constantFrom(0.2, 0.5, 0.9),
    least: fc.constantFrom(-1, 0, 0.5),
    sigma: fc.constantFrom(0, 0.3, 1),
  })
  .map(({ soft, boxes, most, overlap, least, sigma }): Case => {
    const inputs = [tensor('float32', [boxes, 4], null), tensor('float32', [boxes], null)];
    const limits = [tensor('int32', [], null, Int32Array.of(most)), real(overlap), real(least)];
    return {
      kind: soft ? 'vision.soft_non_max_suppression' : 'vision.non_max_suppression',
      attrs: {},
      operands: [...inputs, ...limits, ...(soft ? [real(sigma)] : [])],
      dtype: 'int32',
      more: soft ? ['float32', 'int32'] : ['int32'],
      quantization: null,
    };
  });

export const detection: fc.Arbitrary<Case> = fc
  .record({
    quantized: fc.boolean(),
    boxes: fc.integer({ min: 1, max: 30 }),
    numClasses: fc.integer({ min: 1, max: 6 }),
    background: fc.boolean(),
    extra: fc.integer({ min: 0, max: 2 }),
    maxDetections: fc.integer({ min: 1, max: 12 }),
    maxClassesPerDetection: fc.integer({ min: 1, max: 4 }),
    detectionsPerClass: fc.integer({ min: 1, max: 8 }),
    useRegularNms: fc.boolean(),
    scoreThreshold: fc.constantFrom(-1, 0, 0.4),
    iouThreshold: fc.constantFrom(0.3, 0.6, 1),
    seed: fc.nat(),
  })
  .map(({ quantized, boxes, background, extra, seed, ...attrs }): Case => {
    const dtype = quantized ? 'uint8' : 'float32';
    const q = (scale: number, zero: number) => (quantized ? perTensor(scale, zero) : null);
    const scores = attrs.numClasses + (background ? 1 : 0);
    return {
      kind: 'vision.detection_postprocess',
      attrs: { ...attrs, yScale: 10, xScale: 10, hScale: 5, wScale: 5 },
      operands: [
        tensor(dtype, [1, boxes, 4 + extra], q(0.05, 128)),
        tensor(dtype, [1, boxes, scores], q(1 / 256, 0)),
        tensor(dtype, [boxes, 4], q(0.01, 3), randomData(dtype, 4 * boxes, randomOf(seed))),
      ],
      dtype: 'float32',
      more: ['float32', 'float32', 'float32'],
      quantization: null,
    };
  });

export const vision = fc.oneof(suppression, detection);
