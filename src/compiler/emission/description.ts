/** C structures that describe a node to its kernel. */
import { cInt } from './c.ts';

/** Members of a C structure: C expressions by name; a nested structure's members have dotted names. */
export type Fields = Readonly<Record<string, string>>;

/** `const TYPE NAME = {.member = value, …};` */
export function cDescription(type: string, name: string, ...groups: readonly Fields[]): string {
  const members = groups.flatMap(Object.entries).map(([field, value]) => `.${field} = ${value}`);
  return `const ${type} ${name} = {${members.join(', ')}};\n`;
}

/** Numbers as members. */
export const integers = (fields: Readonly<Record<string, number | boolean>>): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cInt(Number(value))]));

/** `static const TYPE name = {.field = value, …};` The compiler folds such constants into the kernels it inlines. */
export const cStruct = (type: string, name: string, ...groups: readonly Readonly<Record<string, number>>[]): string =>
  `static ${cDescription(type, name, ...groups.map(integers))}`;
