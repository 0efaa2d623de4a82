import { DTYPES, type DType } from '../tensor/dtype.ts';
import type { ValueOf } from './scalars.ts';
import type { TensorType } from './schema/enums.ts';

export type TensorTypeName = ValueOf<typeof TensorType>;

/** The IR's type for a tensor type of the file, or null: strings, complex128, variants, bfloat16, 2-bit integers. */
export function dtypeOf(type: TensorTypeName): DType | null {
  const name = type.toLowerCase() as DType;
  return DTYPES.includes(name) ? name : null;
}

export const tensorTypeOf = (dtype: DType): TensorTypeName => dtype.toUpperCase() as TensorTypeName;
