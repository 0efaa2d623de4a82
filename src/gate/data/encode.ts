import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { allocate, integerRange, isFloat, isQuantizable, type TensorData, toBytes } from '../../model/tensor/dtype.ts';
import { quantizeValue } from '../../model/tensor/quantization.ts';
import { toReals } from './arrays.ts';

/**
 * Real values as a model takes them: quantized with the port's own parameters as TFLite's QUANTIZE does, float as
 * they are, unquantized integers (token ids and the like) unchanged.
 *
 * @param what names the sample in messages
 * @throws InputError where an integer input would get a fraction or a value out of range
 */
export function encode(values: Float32Array, port: Port, what: string): Uint8Array {
  if (port.dtype === 'float32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const out = allocate(port.dtype, values.length) as TensorData & { [i: number]: number | bigint };
  if (isFloat(port.dtype)) {
    if (port.dtype === 'float16')
      throw new InputError(`${what}: input "${port.name}" is float16, which data cannot be given as`);
    (out as Float64Array).set(values);
  } else if (isQuantizable(port.dtype) && port.quantization !== null) {
    const { scales, zeroPoints } = port.quantization;
    for (let i = 0; i < values.length; i++) out[i] = quantizeValue(values[i], scales[0], zeroPoints[0], port.dtype);
  } else {
    const [lo, hi] = integerRange(port.dtype);
    for (let i = 0; i < values.length; i++) {
      const x = values[i];
      if (!Number.isInteger(x) || x < lo || x > hi) {
        throw new InputError(
          `${what}: ${x} cannot be fed to the ${port.dtype} input "${port.name}"; it takes whole numbers as they are`,
        );
      }
      out[i] = typeof out[i] === 'bigint' ? BigInt(x) : x;
    }
  }
  return toBytes(out);
}

/** What a model gave, as real values: dequantized with the port's parameters, in float32 as TFLite's DEQUANTIZE. */
export function decode(data: TensorData, port: Port): Float32Array {
  const values = Float32Array.from(toReals(data, port.dtype));
  if (isQuantizable(port.dtype) && port.quantization !== null) {
    const { scales, zeroPoints, axis } = port.quantization;
    const inner = port.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    for (let i = 0; i < values.length; i++) {
      const k = scales.length === 1 ? 0 : Math.floor(i / inner) % scales.length;
      values[i] = scales[k] * (values[i] - zeroPoints[k]);
    }
  }
  return values;
}
