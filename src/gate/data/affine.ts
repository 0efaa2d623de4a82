import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { type DType, isFloat, isQuantizable } from '../../model/tensor/dtype.ts';
import type { NpyArray } from '../../model/tensor/npy.ts';
import type { DataConfig } from '../config/data_schema.ts';
import { toReals } from './arrays.ts';
import { hasArithmetic } from './preprocess.ts';

/** Affine parameters of data that come quantized. */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
  /** Whether these are the INT8 port's own, type included: the bytes go in unchanged. */
  readonly own: boolean;
}

/**
 * The parameters of data that come quantized, or null for real values. Where the configuration does not say:
 * integers of the very type that the INT8 model takes are its own quantized values, unless they are still to be
 * scaled or shifted.
 */
export function affineOf(dtype: DType, port: Port, config: DataConfig): Affine | null {
  const declared = config.quantized;
  const own = isQuantizable(port.dtype) && port.quantization !== null ? port.quantization : null;
  const arithmetic = hasArithmetic(config.preprocess ?? {});
  if (declared === false) return null;
  if (declared !== undefined && arithmetic) {
    throw new InputError(
      'data.quantized and data.preprocess (scale, mean, std) exclude each other: quantized data are ready to be fed',
    );
  }
  if (declared !== undefined && isFloat(dtype))
    throw new InputError(`data.quantized: the data are ${dtype}, not integers`);
  if (typeof declared === 'object') {
    const scale = Math.fround(declared.scale);
    const zeroPoint = declared['zero-point'];
    const same = own !== null && dtype === port.dtype && near(own.scales[0], scale) && own.zeroPoints[0] === zeroPoint;
    return same ? { scale: own.scales[0], zeroPoint, own: true } : { scale, zeroPoint, own: false };
  }
  if (declared === 'model') {
    if (own === null)
      throw new InputError(
        `data.quantized: input "${port.name}" of the INT8 model is ${port.dtype}, which is not quantized`,
      );
    return { scale: own.scales[0], zeroPoint: own.zeroPoints[0], own: dtype === port.dtype };
  }
  if (own === null || arithmetic || dtype !== port.dtype) return null;
  return { scale: own.scales[0], zeroPoint: own.zeroPoints[0], own: true };
}

/** Whether two scales are the same number written with fewer digits. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(a);

/** What to tell the reader where the configuration left open how the data were made; null where it did not. */
export function affineNote(dtype: DType, port: Port, config: DataConfig): string[] {
  const affine = affineOf(dtype, port, config);
  if (config.quantized !== undefined || affine === null) return [];
  return [
    `The data are ${dtype}, the type of the INT8 model's input, so they were fed to it unchanged, as values that are quantized already. Raw pixels of that type would be read wrongly: write "quantized: false" for them.`,
  ];
}

/** real = (q − zero point) · scale in float32, as TFLite's DEQUANTIZE. */
export function dequantize(array: NpyArray, { scale, zeroPoint }: Affine): Float32Array {
  return Float32Array.from(toReals(array.data, array.dtype), (q) => (q - zeroPoint) * scale);
}
