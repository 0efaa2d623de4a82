import type { BatchMatmulFamily } from './batch_matmul.ts';
import type { BinaryFamily } from './binary.ts';
import type { BitsFamily } from './bits.ts';
import type { BucketFamily } from './buckets.ts';
import type { CastFamily } from './cast.ts';
import type { CompareFamily } from './compare.ts';
import type { ControlFamily } from './control.ts';
import type { ConvFamily } from './conv.ts';
import type { ConvTransposeFamily } from './conv_transpose.ts';
import type { Conv3dFamily } from './conv3d.ts';
import type { CreationFamily } from './creation.ts';
import type { DenseFamily } from './dense.ts';
import type { DetectionFamily } from './detection.ts';
import type { EmbeddingFamily } from './embedding.ts';
import type { HloFamily } from './hlo.ts';
import type { IndexingFamily } from './indexing.ts';
import type { LstmFamily } from './lstm.ts';
import type { BasicLstmFamily } from './lstm_basic.ts';
import type { MovementFamily } from './movement.ts';
import type { NormalizeFamily } from './normalize.ts';
import type { OrderingFamily } from './ordering.ts';
import type { PoolFamily } from './pool.ts';
import type { QuantizeFamily } from './quantize.ts';
import type { ReduceFamily } from './reduce.ts';
import type { ResizeFamily } from './resize.ts';
import type { RnnFamily } from './rnn.ts';
import type { ScatterFamily } from './scatter.ts';
import type { SegmentFamily } from './segments.ts';
import type { SelectFamily } from './select.ts';
import type { ShapeFamily } from './shape.ts';
import type { SoftmaxFamily } from './softmax.ts';
import type { SpectrumFamily } from './spectrum.ts';
import type { SumFamily } from './sums.ts';
import type { SuppressionFamily } from './suppression.ts';
import type { SvdfFamily } from './svdf.ts';
import type { UnaryFamily } from './unary.ts';
import type { UpdateSliceFamily } from './update_slice.ts';

/**
 * The attributes of every operator kind. Kinds carry Relay's names; whether an application is quantized is read off
 * its tensors, and the printer then writes the `qnn.` name with the quantization as attributes.
 * A new family adds its interface here; every table over kinds then fails to compile until it has the new rows.
 */
export interface OpAttrs
  extends ConvFamily,
    ConvTransposeFamily,
    Conv3dFamily,
    BatchMatmulFamily,
    ResizeFamily,
    DenseFamily,
    PoolFamily,
    SumFamily,
    BinaryFamily,
    CompareFamily,
    BitsFamily,
    UnaryFamily,
    NormalizeFamily,
    ReduceFamily,
    SoftmaxFamily,
    ShapeFamily,
    MovementFamily,
    IndexingFamily,
    ScatterFamily,
    EmbeddingFamily,
    SelectFamily,
    CreationFamily,
    OrderingFamily,
    BucketFamily,
    SegmentFamily,
    SpectrumFamily,
    HloFamily,
    CastFamily,
    LstmFamily,
    BasicLstmFamily,
    RnnFamily,
    SvdfFamily,
    SuppressionFamily,
    DetectionFamily,
    ControlFamily,
    UpdateSliceFamily,
    QuantizeFamily {}

export type OpKind = keyof OpAttrs;
