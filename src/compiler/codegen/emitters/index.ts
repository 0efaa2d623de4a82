import type { OpKind } from '../../../model/ops/kinds.ts';
import type { Emitter } from '../../emission/context.ts';
import { layerEmitters } from '../../templates/emit_layer.ts';
import { binaryEmitters, compareEmitters } from './binary.ts';
import { bitsEmitters } from './bits.ts';
import { bucketEmitters } from './buckets.ts';
import { castEmitters } from './cast.ts';
import { controlEmitters } from './control.ts';
import { creationEmitters } from './creation.ts';
import { detectionEmitters } from './detection.ts';
import { embeddingEmitters } from './embedding.ts';
import { hloEmitters } from './hlo.ts';
import { indexingEmitters } from './indexing.ts';
import { lstmEmitters } from './lstm.ts';
import { basicLstmEmitters } from './lstm_basic.ts';
import { movementEmitters } from './movement.ts';
import { normalizeEmitters } from './normalize.ts';
import { orderingEmitters } from './ordering.ts';
import { poolEmitters } from './pool.ts';
import { quantizeEmitters } from './quantize.ts';
import { reduceEmitters } from './reduce.ts';
import { resizeEmitters } from './resize.ts';
import { rnnEmitters } from './rnn.ts';
import { scatterEmitters } from './scatter.ts';
import { segmentEmitters } from './segments.ts';
import { selectEmitters } from './select.ts';
import { shapeEmitters } from './shape.ts';
import { softmaxEmitters } from './softmax.ts';
import { spectrumEmitters } from './spectrum.ts';
import { sumEmitters } from './sums.ts';
import { svdfEmitters } from './svdf.ts';
import { unaryEmitters } from './unary.ts';
import { updateSliceEmitters } from './update_slice.ts';

/** Who writes the C of each operator kind. A kind without an emitter does not compile. */
export const emitters: { readonly [K in OpKind]: Emitter<K> } = {
  ...layerEmitters,
  ...resizeEmitters,
  ...poolEmitters,
  ...sumEmitters,
  ...binaryEmitters,
  ...compareEmitters,
  ...bitsEmitters,
  ...unaryEmitters,
  ...normalizeEmitters,
  ...reduceEmitters,
  ...softmaxEmitters,
  ...shapeEmitters,
  ...movementEmitters,
  ...indexingEmitters,
  ...scatterEmitters,
  ...embeddingEmitters,
  ...selectEmitters,
  ...creationEmitters,
  ...orderingEmitters,
  ...bucketEmitters,
  ...segmentEmitters,
  ...spectrumEmitters,
  ...hloEmitters,
  ...castEmitters,
  ...lstmEmitters,
  ...basicLstmEmitters,
  ...rnnEmitters,
  ...svdfEmitters,
  ...detectionEmitters,
  ...controlEmitters,
  ...updateSliceEmitters,
  ...quantizeEmitters,
};
