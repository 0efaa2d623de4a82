import type { OpKind } from './attrs.ts';
import { batchMatmulOps } from './batch_matmul.ts';
import { binaryOps } from './binary.ts';
import { bitsOps } from './bits.ts';
import { bucketOps } from './buckets.ts';
import { castOps } from './cast.ts';
import { compareOps } from './compare.ts';
import { controlOps } from './control.ts';
import { convOps } from './conv.ts';
import { convTransposeOps } from './conv_transpose.ts';
import { conv3dOps } from './conv3d.ts';
import { creationOps } from './creation.ts';
import type { OpDefinition } from './definition.ts';
import { denseOps } from './dense.ts';
import { detectionOps } from './detection.ts';
import { embeddingOps } from './embedding.ts';
import { hloOps } from './hlo.ts';
import { indexingOps } from './indexing.ts';
import { lstmOps } from './lstm.ts';
import { basicLstmOps } from './lstm_basic.ts';
import { movementOps } from './movement.ts';
import { normalizeOps } from './normalize.ts';
import { orderingOps } from './ordering.ts';
import { poolOps } from './pool.ts';
import { quantizeOps } from './quantize.ts';
import { reduceOps } from './reduce.ts';
import { resizeOps } from './resize.ts';
import { rnnOps } from './rnn.ts';
import { scatterOps } from './scatter.ts';
import { segmentOps } from './segments.ts';
import { selectOps } from './select.ts';
import { shapeOps } from './shape.ts';
import { softmaxOps } from './softmax.ts';
import { spectrumOps } from './spectrum.ts';
import { sumOps } from './sums.ts';
import { suppressionOps } from './suppression.ts';
import { svdfOps } from './svdf.ts';
import { unaryOps } from './unary.ts';
import { updateSliceOps } from './update_slice.ts';

/** The rules of every operator kind. A kind without rules does not compile. */
export const ops: { readonly [K in OpKind]: OpDefinition<K> } = {
  ...convOps,
  ...convTransposeOps,
  ...conv3dOps,
  ...batchMatmulOps,
  ...resizeOps,
  ...denseOps,
  ...poolOps,
  ...sumOps,
  ...binaryOps,
  ...compareOps,
  ...bitsOps,
  ...unaryOps,
  ...normalizeOps,
  ...reduceOps,
  ...softmaxOps,
  ...shapeOps,
  ...movementOps,
  ...indexingOps,
  ...scatterOps,
  ...embeddingOps,
  ...selectOps,
  ...creationOps,
  ...orderingOps,
  ...bucketOps,
  ...segmentOps,
  ...spectrumOps,
  ...hloOps,
  ...castOps,
  ...lstmOps,
  ...basicLstmOps,
  ...rnnOps,
  ...svdfOps,
  ...suppressionOps,
  ...detectionOps,
  ...controlOps,
  ...updateSliceOps,
  ...quantizeOps,
};

/** The rules of `kind`, for callers that hold a node whose kind they have not narrowed. */
export const rulesOf = (kind: OpKind): OpDefinition<OpKind> => ops[kind] as unknown as OpDefinition<OpKind>;
