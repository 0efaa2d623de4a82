import type { OpKind } from '../../../model/ops/attrs.ts';
import type { Emitter } from '../../emission/context.ts';
import { layerEmitters } from '../../templates/emit_layer.ts';
import { controlEmitters } from './control.ts';
import { binaryEmitters, compareEmitters } from './elementwise/binary.ts';
import { bitsEmitters } from './elementwise/bits.ts';
import { castEmitters } from './elementwise/cast.ts';
import { quantizeEmitters } from './elementwise/quantize.ts';
import { selectEmitters } from './elementwise/select.ts';
import { sumEmitters } from './elementwise/sums.ts';
import { unaryEmitters } from './elementwise/unary.ts';
import { hloEmitters } from './hlo.ts';
import { creationEmitters } from './movement/creation.ts';
import { embeddingEmitters } from './movement/embedding.ts';
import { indexingEmitters } from './movement/indexing.ts';
import { movementEmitters } from './movement/movement.ts';
import { scatterEmitters } from './movement/scatter.ts';
import { shapeEmitters } from './movement/shape.ts';
import { updateSliceEmitters } from './movement/update_slice.ts';
import { lstmEmitters } from './recurrent/lstm.ts';
import { basicLstmEmitters } from './recurrent/lstm_basic.ts';
import { rnnEmitters } from './recurrent/rnn.ts';
import { svdfEmitters } from './recurrent/svdf.ts';
import { bucketEmitters } from './reductions/buckets.ts';
import { normalizeEmitters } from './reductions/normalize.ts';
import { orderingEmitters } from './reductions/ordering.ts';
import { reduceEmitters } from './reductions/reduce.ts';
import { segmentEmitters } from './reductions/segments.ts';
import { softmaxEmitters } from './reductions/softmax.ts';
import { spectrumEmitters } from './spectrum.ts';
import { detectionEmitters } from './vision/detection.ts';
import { poolEmitters } from './vision/pool.ts';
import { resizeEmitters } from './vision/resize.ts';

/** The emitter of each operator kind; exhaustive by type. */
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
