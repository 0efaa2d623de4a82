import type { StridedCopy } from '../../../model/ops/shared/strided_copy.ts';
import { simplify } from '../../../model/ops/shared/strided_copy.ts';
import type { Shape } from '../../../model/tensor/shape.ts';

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

/**
 * The C of strided copies. `element` is a C type of the element's size; operands and results are pointer expressions
 * to it.
 */
export function copyLoops(
  copies: readonly StridedCopy[],
  element: string,
  source: (from: number) => string,
  result: (to: number) => string,
): string {
  return copies
    .filter((copy) => copy.extents.every((n) => n > 0))
    .map((copy) => {
      const { extents, srcStrides, dstStrides, srcOffset, dstOffset, from, to } = simplify(copy);
      const inner = extents.length - 1;
      const contiguous = srcStrides[inner] === 1 && dstStrides[inner] === 1;
      const depth = contiguous ? inner : inner + 1;
      const src = indexed(source(from), srcOffset, srcStrides.slice(0, depth));
      const dst = indexed(result(to), dstOffset, dstStrides.slice(0, depth));
      if (!contiguous) return nest(extents, `*(${dst}) = *(${src});`);
      return nest(extents.slice(0, inner), `memcpy(${dst}, ${src}, ${extents[inner]} * sizeof(${element}));`);
    })
    .join('');
}
