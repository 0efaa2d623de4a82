import { convOps } from './conv.ts';
import type { OpDefinition } from './definition.ts';
import { denseOps } from './dense.ts';
import { elementwiseOps } from './elementwise.ts';
import type { OpKind } from './kinds.ts';
import { poolOps } from './pool.ts';
import { quantizeOps } from './quantize.ts';
import { reduceOps } from './reduce.ts';
import { shapeOps } from './shape.ts';
import { softmaxOps } from './softmax.ts';

/** The rules of every operator kind. A kind without rules does not compile. */
export const ops: { readonly [K in OpKind]: OpDefinition<K> } = {
  ...convOps,
  ...denseOps,
  ...poolOps,
  ...elementwiseOps,
  ...reduceOps,
  ...softmaxOps,
  ...shapeOps,
  ...quantizeOps,
};

/** The rules of `kind`, for callers that hold a node whose kind they have not narrowed. */
export const rulesOf = (kind: OpKind): OpDefinition<OpKind> => ops[kind] as unknown as OpDefinition<OpKind>;
