import type { OpKind } from '../../../model/ops/kinds.ts';
import type { Emitter } from '../emitter.ts';
import { convEmitters } from './conv.ts';
import { denseEmitters } from './dense.ts';
import { elementwiseEmitters } from './elementwise.ts';
import { poolEmitters } from './pool.ts';
import { quantizeEmitters } from './quantize.ts';
import { reduceEmitters } from './reduce.ts';
import { shapeEmitters } from './shape.ts';
import { softmaxEmitters } from './softmax.ts';

/** Who writes the C of each operator kind. A kind without an emitter does not compile. */
export const emitters: { readonly [K in OpKind]: Emitter<K> } = {
  ...convEmitters,
  ...denseEmitters,
  ...poolEmitters,
  ...elementwiseEmitters,
  ...reduceEmitters,
  ...softmaxEmitters,
  ...shapeEmitters,
  ...quantizeEmitters,
};
