import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import {
  allocate,
  type DType,
  integerRange,
  isFloat,
  isQuantizable,
  type TensorData,
} from '../../model/tensor/dtype.ts';
import { quantizeValue } from '../../model/tensor/quantization.ts';
import type { Rounding } from '../config/data_schema.ts';
import { toReals } from './arrays.ts';
import { roundHalfEven } from './resample.ts';

/** How real values become quantized ones: `data.rounding`. */
const QUANTIZERS: Readonly<Record<Rounding, typeof quantizeValue>> = {
  tflite: quantizeValue,
  numpy: (x, scale, zeroPoint, dtype) => clamp(roundHalfEven(shifted(x, scale, zeroPoint)), dtype),
  truncate: (x, scale, zeroPoint, dtype) => clamp(Math.trunc(shifted(x, scale, zeroPoint)), dtype),
};

/** x / scale + zero point in float32, as numpy computes it. */
const shifted = (x: number, scale: number, zeroPoint: number) => Math.fround(Math.fround(x / scale) + zeroPoint);

function clamp(q: number, dtype: DType): number {
  const [lo, hi] = integerRange(dtype);
  return Math.min(hi, Math.max(lo, q));
}

/**
 * Real values as a model takes them: quantized with the port's own parameters, float as they are, unquantized integers
 * (token ids and the like) unchanged.
 *
 * @param what names the sample in messages
 * @param rounding `tflite`: as TFLite's QUANTIZE; `numpy`: np.round(x / scale + zero_point); `truncate`: its .astype
 * @throws InputError where an integer input would get a fraction or a value out of range
 */
export function encode(values: Float32Array, port: Port, what: string, rounding: Rounding = 'tflite'): TensorData {
  if (port.dtype === 'float32') return values;
  const out = allocate(port.dtype, values.length) as TensorData & { [i: number]: number | bigint };
  if (isFloat(port.dtype)) {
    if (port.dtype === 'float16')
      throw new InputError(`${what}: input "${port.name}" is float16, which data cannot be given as`);
    (out as Float64Array).set(values);
  } else if (isQuantizable(port.dtype) && port.quantization !== null) {
    const { scales, zeroPoints } = port.quantization;
    const quantize = QUANTIZERS[rounding];
    for (let i = 0; i < values.length; i++) out[i] = quantize(values[i], scales[0], zeroPoints[0], port.dtype);
  } else {
    const [lo, hi] = integerRange(port.dtype);
    for (let i = 0; i < values.length; i++) {
      const x = values[i];
      if (!Number.isInteger(x) || x < lo || x > hi) {
        throw new InputError(
          `${what}: ${x} cannot be fed to the ${port.dtype} input "${port.name}"; it takes whole numbers as they are; options for one input stand in data.inputs.${port.name}`,
        );
      }
      out[i] = typeof out[i] === 'bigint' ? BigInt(x) : x;
    }
  }
  return out;
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
