import type { DType } from '../../model/tensor/dtype.ts';

/** The C type of a tensor's elements. */
export const C_TYPES: Readonly<Record<DType, string>> = {
  float32: 'float',
  float16: 'uint16_t',
  float64: 'double',
  int4: 'int8_t',
  int8: 'int8_t',
  uint8: 'uint8_t',
  int16: 'int16_t',
  uint16: 'uint16_t',
  int32: 'int32_t',
  uint32: 'uint32_t',
  int64: 'int64_t',
  uint64: 'uint64_t',
  bool: 'uint8_t',
  complex64: 'uint64_t',
  resource: 'int32_t',
};

/** How the names of kernels end for an element type. An int4 lies in memory as an int8. */
export const SUFFIX: Readonly<Record<DType, string>> = {
  float32: 'f32',
  float16: 'f16',
  float64: 'f64',
  int4: 's8',
  int8: 's8',
  uint8: 'u8',
  int16: 's16',
  uint16: 'u16',
  int32: 's32',
  uint32: 'u32',
  int64: 's64',
  uint64: 'u64',
  bool: 'u8',
  complex64: 'c64',
  resource: 's32',
};

/** `text` as a C string literal, whatever it holds. */
export function cString(text: string): string {
  const escaped = [...Buffer.from(text, 'utf8')].map((byte) => {
    const char = String.fromCharCode(byte);
    // A question mark could begin a trigraph.
    const plain = byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(char);
    return plain ? char : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

/** `text` made harmless inside a C comment. */
export const cComment = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]|[\\?]/g, '_')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .slice(0, 200);

/** `text` made a C identifier: what a model's file name becomes in `int8_gate_model_NAME`. */
export function cIdentifier(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z]/.test(name) ? name : `m${name}`;
}

/** A float constant that C reads back bit for bit. */
export function cFloat(x: number): string {
  if (Number.isNaN(x)) return '__builtin_nanf("")';
  if (!Number.isFinite(x)) return x < 0 ? '-__builtin_inff()' : '__builtin_inff()';
  const text = String(Math.fround(x));
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

/** An int32 constant: INT32_MIN has no literal of its own. */
export const cInt = (x: number): string => (x === -2147483648 ? 'INT32_MIN' : String(x));
