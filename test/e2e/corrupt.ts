import { ByteBuffer } from 'flatbuffers';

/** Fields of the TFLite schema's tables, as offsets in their vtables: 4 + 2 · index of the field. */
const MODEL_OPERATOR_CODES = 6;
const CODE_DEPRECATED_BUILTIN = 4;
const CODE_BUILTIN = 10;

/**
 * Rewrites builtin operator codes of a .tflite file in place of compiling a model that has them: every code that
 * `replacements` names becomes the other one.
 */
export function replaceOperators(file: Uint8Array, replacements: Readonly<Record<number, number>>): Uint8Array {
  const bytes = file.slice();
  const bb = new ByteBuffer(bytes);
  const model = bb.readInt32(0);
  const field = (table: number, offset: number): number => {
    const vtable = table - bb.readInt32(table);
    const found = offset < bb.readInt16(vtable) ? bb.readInt16(vtable + offset) : 0;
    return found === 0 ? 0 : table + found;
  };
  const at = field(model, MODEL_OPERATOR_CODES);
  const vector = at + bb.readInt32(at);
  for (let i = 0; i < bb.readInt32(vector); i++) {
    const slot = vector + 4 + 4 * i;
    const code = slot + bb.readInt32(slot);
    const [old, builtin] = [field(code, CODE_DEPRECATED_BUILTIN), field(code, CODE_BUILTIN)];
    const now = replacements[builtin === 0 ? bytes[old] : bb.readInt32(builtin)];
    if (now === undefined) continue;
    if (old !== 0) bytes[old] = now;
    if (builtin !== 0) bb.writeInt32(builtin, now);
  }
  return bytes;
}
