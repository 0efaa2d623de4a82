import { cInt } from '../c.ts';

/** `static const TYPE name = {.field = value, …};` The compiler folds such constants into the kernels it inlines. */
export function cStruct(type: string, name: string, fields: Readonly<Record<string, number>>): string {
  const members = Object.entries(fields).map(([field, value]) => `.${field} = ${cInt(value)}`);
  return `static const ${type} ${name} = {${members.join(', ')}};\n`;
}
