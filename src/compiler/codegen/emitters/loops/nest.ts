import type { Shape } from '../../../../model/tensor/shape.ts';

/** `base + i0 * s0 + i1 * s1`, leaving out what is zero. */
export function indexed(base: string, offset: number, strides: readonly number[]): string {
  const terms = strides.flatMap((stride, k) => (stride === 0 ? [] : [` + i${k} * (ptrdiff_t)${stride}`]));
  return `${base}${offset === 0 ? '' : ` + ${offset}`}${terms.join('')}`;
}

/** Nested loops over `extents` with indices i0, i1, … around one statement. */
export function nest(extents: Shape, statement: string): string {
  const heads = extents.map((n, k) => `for (int32_t i${k} = 0; i${k} < ${n}; i${k}++)\n`);
  return `${heads.join('')}  ${statement}\n`;
}
