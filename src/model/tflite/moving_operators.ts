import type { BucketFamily } from '../ops/buckets.ts';
import type { CastFamily } from '../ops/cast.ts';
import type { CreationFamily } from '../ops/creation.ts';
import type { EmbeddingFamily } from '../ops/embedding.ts';
import type { IndexingFamily } from '../ops/indexing.ts';
import type { MovementFamily } from '../ops/movement.ts';
import type { OrderingFamily } from '../ops/ordering.ts';
import type { ReduceFamily } from '../ops/reduce/axes.ts';
import type { ScatterFamily } from '../ops/scatter.ts';
import type { SegmentFamily } from '../ops/segments.ts';
import type { SelectFamily } from '../ops/select.ts';
import type { DType } from '../tensor/dtype.ts';
import { dtypeOf, tensorTypeOf } from './dtypes.ts';
import { NEWER, type OperatorRow, plain, row } from './rows.ts';
import type { OptionsOf } from './schema/options.ts';

interface Moving
  extends MovementFamily,
    IndexingFamily,
    ScatterFamily,
    EmbeddingFamily,
    SelectFamily,
    CreationFamily,
    OrderingFamily,
    BucketFamily,
    SegmentFamily,
    ReduceFamily,
    CastFamily {}

const reducer = {
  options: 'ReducerOptions',
  read: (o: OptionsOf<'ReducerOptions'>) => ({ keepDims: o.keepDims }),
  write: (a: { readonly keepDims: boolean }) => ({ keepDims: a.keepDims }),
} as const;
const argument = {
  read: (o: OptionsOf<'ArgMaxOptions'>) => ({ dtype: dtypeOf(o.outputType) ?? 'int32' }),
  write: (a: { readonly dtype: DType }) => ({ outputType: tensorTypeOf(a.dtype) }),
};
const block = {
  read: (o: OptionsOf<'SpaceToDepthOptions'>) => ({ blockSize: o.blockSize }),
  write: (a: { readonly blockSize: number }) => ({ blockSize: a.blockSize }),
};

/** Operators that move, pick, order, fold, class or cast elements. */
export const movingOperators: { readonly [K in keyof Moving]: OperatorRow<K> } = {
  slice: plain('SLICE', 'SliceOptions', NEWER),
  split: row({
    builtin: 'SPLIT',
    options: 'SplitOptions',
    versions: NEWER,
    read: (o) => ({ parts: o.numSplits }),
    write: (a) => ({ numSplits: a.parts }),
  }),
  split_v: row({
    builtin: 'SPLIT_V',
    options: 'SplitVOptions',
    versions: { int8: 2, int16: 2 },
    read: (o) => ({ parts: o.numSplits }),
    write: (a) => ({ numSplits: a.parts }),
  }),
  unstack: row({
    builtin: 'UNPACK',
    options: 'UnpackOptions',
    versions: NEWER,
    read: (o) => ({ axis: o.axis, parts: o.num }),
    write: (a) => ({ axis: a.axis, num: a.parts }),
  }),
  tile: plain('TILE', 'TileOptions', { int8: 2 }),
  broadcast_to: plain('BROADCAST_TO', 'BroadcastToOptions', { int32: 2, int64: 2 }),
  expand_dims: plain('EXPAND_DIMS', 'ExpandDimsOptions'),
  reverse: plain('REVERSE_V2', 'ReverseV2Options', NEWER),
  'nn.space_to_batch_nd': plain('SPACE_TO_BATCH_ND', 'SpaceToBatchNDOptions', NEWER),
  'nn.batch_to_space_nd': plain('BATCH_TO_SPACE_ND', 'BatchToSpaceNDOptions', NEWER),
  'nn.space_to_depth': row({
    builtin: 'SPACE_TO_DEPTH',
    options: 'SpaceToDepthOptions',
    versions: { int8: 2 },
    ...block,
  }),
  'nn.depth_to_space': row({
    builtin: 'DEPTH_TO_SPACE',
    options: 'DepthToSpaceOptions',
    versions: { int8: 2 },
    ...block,
  }),
  'nn.mirror_pad': row({
    builtin: 'MIRROR_PAD',
    options: 'MirrorPadOptions',
    versions: { int8: 2, int16: 3 },
    read: (o) => ({ mode: o.mode }),
    write: (a) => ({ mode: a.mode }),
  }),
  'nn.pad_v2': plain('PADV2', 'PadV2Options', { int8: 2 }),
  zeros_like: plain('ZEROS_LIKE', 'ZerosLikeOptions'),
  matrix_diag: plain('MATRIX_DIAG', 'MatrixDiagOptions'),
  matrix_set_diag: plain('MATRIX_SET_DIAG', 'MatrixSetDiagOptions'),
  densify: plain('DENSIFY', 'DensifyOptions'),
  take: row({
    builtin: 'GATHER',
    options: 'GatherOptions',
    versions: NEWER,
    read: (o) => ({ axis: o.axis, batchDims: o.batchDims }),
    write: (a) => ({ axis: a.axis, batchDims: a.batchDims }),
  }),
  gather_nd: plain('GATHER_ND', 'GatherNdOptions', NEWER),
  one_hot: row({
    builtin: 'ONE_HOT',
    options: 'OneHotOptions',
    read: (o) => ({ axis: o.axis }),
    write: (a) => ({ axis: a.axis }),
  }),
  sparse_to_dense: row({
    builtin: 'SPARSE_TO_DENSE',
    options: 'SparseToDenseOptions',
    versions: { int8: 2 },
    read: (o) => ({ validateIndices: o.validateIndices }),
    write: (a) => ({ validateIndices: a.validateIndices }),
  }),
  reverse_sequence: row({
    builtin: 'REVERSE_SEQUENCE',
    options: 'ReverseSequenceOptions',
    read: (o) => ({ seqAxis: o.seqDim, batchAxis: o.batchDim }),
    write: (a) => ({ seqDim: a.seqAxis, batchDim: a.batchAxis }),
  }),
  scatter_nd: plain('SCATTER_ND', 'ScatterNdOptions'),
  embedding_lookup: plain('EMBEDDING_LOOKUP', null, { int8: 3, int4: 4 }),
  select: plain('SELECT', 'SelectOptions', NEWER),
  where: plain('SELECT_V2', 'SelectV2Options', { int8: 2, int16: 2 }),
  argwhere: plain('WHERE', 'WhereOptions', { int8: 2 }),
  full: plain('FILL', 'FillOptions', NEWER),
  arange: plain('RANGE', 'RangeOptions'),
  broadcast_args: plain('BROADCAST_ARGS'),
  argmax: row({ builtin: 'ARG_MAX', options: 'ArgMaxOptions', versions: { int8: 2 }, ...argument }),
  argmin: row({ builtin: 'ARG_MIN', options: 'ArgMinOptions', versions: { int8: 2 }, ...argument }),
  topk: plain('TOPK_V2', 'TopKV2Options', NEWER),
  cumsum: row({
    builtin: 'CUMSUM',
    options: 'CumsumOptions',
    read: (o) => ({ exclusive: o.exclusive, reverse: o.reverse }),
    write: (a) => ({ exclusive: a.exclusive, reverse: a.reverse }),
  }),
  bucketize: row({
    builtin: 'BUCKETIZE',
    options: 'BucketizeOptions',
    read: (o) => (o.boundaries === null ? 'its boundaries are missing' : { boundaries: o.boundaries }),
    write: (a) => ({ boundaries: a.boundaries }),
  }),
  unique: row({
    builtin: 'UNIQUE',
    options: 'UniqueOptions',
    read: (o) => ({ dtype: dtypeOf(o.idxOutType) ?? 'int32' }),
    write: (a) => ({ idxOutType: tensorTypeOf(a.dtype) }),
  }),
  segment_sum: plain('SEGMENT_SUM', 'SegmentSumOptions'),
  unsorted_segment_sum: plain('UNSORTED_SEGMENT_SUM', 'UnsortedSegmentSumOptions'),
  unsorted_segment_prod: plain('UNSORTED_SEGMENT_PROD', 'UnsortedSegmentProdOptions'),
  unsorted_segment_max: plain('UNSORTED_SEGMENT_MAX', 'UnsortedSegmentMaxOptions'),
  unsorted_segment_min: plain('UNSORTED_SEGMENT_MIN', 'UnsortedSegmentMinOptions'),
  // The options repeat the types of the tensors, and TFLite goes by those.
  cast: plain('CAST', 'CastOptions', { int8: 2 }),
  fake_quant: row({
    builtin: 'FAKE_QUANT',
    options: 'FakeQuantOptions',
    read: (o) => ({ min: o.min, max: o.max, bits: o.numBits, narrowRange: o.narrowRange }),
    write: (a) => ({ min: a.min, max: a.max, numBits: a.bits, narrowRange: a.narrowRange }),
  }),
  mean: row({ builtin: 'MEAN', ...reducer, versions: NEWER }),
  sum: row({ builtin: 'SUM', ...reducer, versions: { int8: 2 } }),
  prod: row({ builtin: 'REDUCE_PROD', ...reducer, versions: { int8: 2, int16: 2 } }),
  max: row({ builtin: 'REDUCE_MAX', ...reducer, versions: NEWER }),
  min: row({ builtin: 'REDUCE_MIN', ...reducer, versions: NEWER }),
  any: row({ builtin: 'REDUCE_ANY', ...reducer }),
  all: row({ builtin: 'REDUCE_ALL', ...reducer }),
};
