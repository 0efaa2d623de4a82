import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Weights } from '../../../../src/compiler/lower/layers.ts';
import { depthwiseOperands } from '../../../../src/compiler/templates/depthwise/from_layer.ts';
import { type DepthwiseKernelName, dotQuads, kernelOf } from '../../../../src/compiler/templates/depthwise/kernels.ts';
import { packDepthwise } from '../../../../src/compiler/templates/depthwise/pack.ts';
import type { DepthwiseKey } from '../../../../src/compiler/templates/depthwise/workload.ts';
import type { HW } from '../../../../src/model/ops/attrs.ts';

interface Case {
  readonly workload: DepthwiseKey;
  readonly kernel: DepthwiseKernelName;
  readonly source: Weights;
  readonly zeroPoint: number;
  /** The window's pixels, [taps][channels]. */
  readonly data: number[];
}

/** One output of a window. */
const keyOf = (unsigned: boolean, channels: number, kernel: HW, stride: number): DepthwiseKey => ({
  ...{
    op: 'nn.depthwise_conv2d',
    data: unsigned ? 'uint8' : 'int8',
    images: 1,
    input: kernel,
    channels,
    multiplier: 1,
  },
  ...{
    output: [1, 1],
    kernel,
    strides: [1, stride],
    dilation: [1, 1],
    padding: [0, 0],
    epilogue: 'tflite',
    threads: 1,
  },
});

/** Layers of every kind of weights; `spread` makes them small enough for long sums, or as large as they get. */
const cases = fc
  .record({
    kernel: fc.constantFrom<DepthwiseKernelName>('portable', 'wide', 'pairs', 'dot'),
    unsigned: fc.boolean(),
    channels: fc.integer({ min: 8, max: 19 }),
    rows: fc.integer({ min: 1, max: 4 }),
    columns: fc.integer({ min: 1, max: 7 }),
    stride: fc.constantFrom(1, 2),
    zeroX: fc.nat(255),
    zeroW: fc.nat(255),
    spread: fc.constantFrom(8, 64, 256),
    seed: fc.array(fc.nat(255), { minLength: 7, maxLength: 31 }),
    extreme: fc.constantFrom(null, 0, 255),
    bias: fc.boolean(),
  })
  .map(({ kernel, unsigned, channels, rows, columns, stride, seed, spread, ...rest }): Case => {
    const bytes = (i: number): number => seed[i % seed.length] ^ ((i * 37) & 255);
    const count = rows * columns * channels;
    const zw = unsigned ? rest.zeroW : 0;
    const near = (i: number): number => (unsigned ? zw : 128) + (bytes(i) % spread) - spread / 2;
    const stored = Array.from({ length: count }, (_, i) => Math.max(unsigned ? 1 : 0, Math.min(255, near(i))));
    const data = unsigned ? Uint8Array.from(stored) : Int8Array.from(stored, (v) => v - 128);
    const shift = unsigned ? 0 : 128;
    const source: Weights = {
      ...{ data, zeroPoint: zw },
      bias: rest.bias ? Int32Array.from({ length: channels }, (_, c) => c * 1000 - 5000) : null,
    };
    return {
      ...{ source, zeroPoint: rest.zeroX - shift, kernel },
      data: Array.from({ length: count }, (_, i) => (rest.extreme ?? bytes(i + 1000)) - shift),
      workload: keyOf(unsigned, channels, [rows, columns], stride),
    };
  })
  .filter(({ source, kernel }) => kernelOf(kernel).exactFor.includes(depthwiseOperands(source)));

/** One output of each channel, as the kernel's header tells to compute it from what was packed. */
function compute({ workload: w, kernel, source, zeroPoint, data }: Case): number[] {
  const packed = packDepthwise(source, w, kernel, zeroPoint);
  const [rows, columns] = w.kernel;
  const outs = w.channels;
  const flip = w.data === 'uint8' && /pairs|dot/.test(kernel) ? 128 : 0;
  const x = (tap: number, c: number): number => data[tap * outs + c] - flip;
  const twice = (i: number): number => Number((packed.twice >> BigInt(i)) & 1n);
  const sums = [...packed.bias];
  if (kernel === 'dot') {
    const phases = w.strides[1] === 1 ? 2 : 1;
    let at = 0;
    for (let block = 0; block * 8 < outs; block++) {
      const first = Math.min(block * 8, outs - 8);
      const own = Array.from({ length: phases }, () => [...packed.bias.slice(first, first + 8)]);
      for (let ky = 0; ky < rows; ky++)
        for (let part = 0; part <= twice(ky); part++)
          for (let quad = 0; quad < dotQuads(w); quad++)
            for (let phase = 0; phase < phases; phase++)
              for (let c = 0; c < 8; c++)
                for (let k = 0; k < 4; k++, at++) {
                  // This output's window starts so many pixels into the quad; beyond it lies anything.
                  const kx = 4 * quad + k - phase;
                  const value = kx >= 0 && kx < columns ? x(ky * columns + kx, first + c) : 77;
                  own[phase][c] += packed.weights[at] * value;
                }
      for (const sum of own) expect(sum).toEqual(own[0]);
      own[0].forEach((sum, c) => {
        sums[first + c] = sum;
      });
    }
    expect(at).toBe(packed.weights.length);
    return sums;
  }
  let product = 0;
  const short = new Array<number>(outs).fill(0);
  for (let tap = 0; tap < rows * columns; tap++) {
    for (let part = 0; part <= (kernel === 'pairs' ? twice(tap) : 0); part++, product++) {
      const cut = kernel !== 'pairs' || (packed.cuts >> BigInt(product)) & 1n;
      for (let c = 0; c < outs; c++) {
        short[c] += packed.weights[product * outs + c] * x(tap, c);
        if (kernel === 'pairs') expect(short[c]).toBe((short[c] << 16) >> 16);
        if (!cut) continue;
        sums[c] += short[c];
        short[c] = 0;
      }
    }
  }
  expect(short.every((sum) => sum === 0)).toBe(true);
  return sums;
}

test('packed weights and bias stand for the products of centered values, and their sums fit', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { source, workload, zeroPoint, data } = given;
      const expected = Array.from({ length: workload.channels }, (_, c) => {
        let sum = source.bias?.[c] ?? 0;
        for (let i = c; i < data.length; i += workload.channels)
          sum += (data[i] - zeroPoint) * (source.data[i] - source.zeroPoint);
        return sum;
      });
      expect(compute(given)).toEqual(expected);
      const { largest } = packDepthwise(source, workload, given.kernel, zeroPoint);
      expect(expected.every((sum, c) => Math.abs(sum) <= largest[c])).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('sums of 16 bits are cut where, and only where, data could make them overflow', () => {
  const cutsOf = (...taps: number[]): bigint => {
    const source: Weights = { data: Int8Array.from(taps), zeroPoint: 0, bias: null };
    return packDepthwise(source, keyOf(false, 1, [1, taps.length], 1), 'pairs', 0).cuts;
  };
  expect(cutsOf(127, 127, 127)).toBe(0b101n);
  expect(cutsOf(100, -100, 50, 6)).toBe(0b1000n);
  // Data of -128: 16384 + 16384 is one too many; 16384 + 16256 fits.
  expect(cutsOf(-128, -128)).toBe(0b11n);
  expect(cutsOf(-128, -127)).toBe(0b10n);
});
