import type { Padding, Pads } from '../ops/attrs.ts';
import type { BatchMatmulFamily } from '../ops/batch_matmul.ts';
import type { Conv2dAttrs, ConvFamily } from '../ops/conv.ts';
import type { ConvTransposeFamily } from '../ops/conv_transpose.ts';
import type { Conv3dFamily } from '../ops/conv3d.ts';
import type { DenseFamily } from '../ops/dense.ts';
import type { PoolAttrs, PoolFamily } from '../ops/pool.ts';
import type { ResizeAttrs, ResizeFamily } from '../ops/resize.ts';
import type { BiasType } from '../ops/shared/weights.ts';
import { tensorTypeOf } from './dtypes.ts';
import { activated, NEWER, type OperatorRow, row } from './rows.ts';
import type { OptionsOf } from './schema/options.ts';

/** Operators with weights, and those that slide a window over an image. */
interface Weighted
  extends ConvFamily,
    ConvTransposeFamily,
    Conv3dFamily,
    BatchMatmulFamily,
    ResizeFamily,
    DenseFamily,
    PoolFamily {}

/** Only the file's own padding can be written: explicit extents are the compiler's. */
function filePadding(padding: Padding | Pads): Padding {
  if (typeof padding === 'string') return padding;
  throw new Error('a convolution with explicit padding has no TFLite form');
}

const pool = {
  options: 'Pool2DOptions',
  versions: { int8: 2, int16: 3 },
  read: (o: OptionsOf<'Pool2DOptions'>): PoolAttrs => ({
    padding: o.padding,
    strides: [o.strideH, o.strideW],
    pool: [o.filterHeight, o.filterWidth],
    ...activated.read(o),
  }),
  write: (a: PoolAttrs) => ({
    padding: a.padding,
    strideH: a.strides[0],
    strideW: a.strides[1],
    filterHeight: a.pool[0],
    filterWidth: a.pool[1],
    ...activated.write(a),
  }),
} as const;

const volume = {
  read: (o: OptionsOf<'Conv3DOptions'>): Conv3dFamily['nn.conv3d'] => ({
    padding: o.padding,
    strides: [o.strideD, o.strideH, o.strideW],
    dilation: [o.dilationDFactor, o.dilationHFactor, o.dilationWFactor],
    ...activated.read(o),
  }),
  write: ({ padding, strides, dilation, ...a }: Conv3dFamily['nn.conv3d']) => ({
    padding,
    ...{ strideD: strides[0], strideH: strides[1], strideW: strides[2] },
    ...{ dilationDFactor: dilation[0], dilationHFactor: dilation[1], dilationWFactor: dilation[2] },
    ...activated.write(a),
  }),
};

const window = {
  read: (o: OptionsOf<'Conv2DOptions'> | OptionsOf<'DepthwiseConv2DOptions'>): Conv2dAttrs => ({
    padding: o.padding,
    strides: [o.strideH, o.strideW],
    dilation: [o.dilationHFactor, o.dilationWFactor],
    ...activated.read(o),
  }),
  write: (a: Conv2dAttrs) => ({
    padding: filePadding(a.padding),
    strideH: a.strides[0],
    strideW: a.strides[1],
    dilationHFactor: a.dilation[0],
    dilationWFactor: a.dilation[1],
    ...activated.write(a),
  }),
};

/** Only INT16x8 operators have a choice here; FLOAT32, the default, leaves it to the bias itself. */
const biased = {
  read: (o: { readonly quantizedBiasType: string }): BiasType =>
    o.quantizedBiasType === 'INT32'
      ? { biasType: 'int32' }
      : o.quantizedBiasType === 'INT64'
        ? { biasType: 'int64' }
        : {},
  write: (a: BiasType) => ({ quantizedBiasType: tensorTypeOf(a.biasType ?? 'float32') }),
};

const resizing = {
  versions: { int8: 2, int16: 3 },
  read: (o: ResizeAttrs): ResizeAttrs => ({ alignCorners: o.alignCorners, halfPixelCenters: o.halfPixelCenters }),
  write: (a: ResizeAttrs) => ({ ...a }),
};

export const weightedOperators: { readonly [K in keyof Weighted]: OperatorRow<K> } = {
  'nn.conv2d': row({
    builtin: 'CONV_2D',
    options: 'Conv2DOptions',
    versions: { int8: 3, int16: 4 },
    read: (o) => ({ ...window.read(o), ...biased.read(o) }),
    write: (a) => ({ ...window.write(a), ...biased.write(a) }),
  }),
  'nn.conv2d_transpose': row({
    builtin: 'TRANSPOSE_CONV',
    options: 'TransposeConvOptions',
    versions: { int8: 3, int16: 3 },
    read: (o) => ({
      padding: o.padding,
      strides: [o.strideH, o.strideW],
      ...activated.read(o),
      ...biased.read(o),
    }),
    write: (a) => ({
      padding: a.padding,
      strideH: a.strides[0],
      strideW: a.strides[1],
      ...activated.write(a),
      ...biased.write(a),
    }),
  }),
  'nn.conv3d': row({ builtin: 'CONV_3D', options: 'Conv3DOptions', ...volume }),
  'nn.conv3d_transpose': row({ builtin: 'CONV_3D_TRANSPOSE', options: 'Conv3DOptions', ...volume }),
  'nn.batch_matmul': row({
    builtin: 'BATCH_MATMUL',
    options: 'BatchMatMulOptions',
    versions: NEWER,
    read: ({ adjX, adjY, asymmetricQuantizeInputs }) => ({ adjX, adjY, asymmetricQuantizeInputs }),
    write: (a) => ({ ...a }),
  }),
  'image.resize_bilinear': row({ builtin: 'RESIZE_BILINEAR', options: 'ResizeBilinearOptions', ...resizing }),
  'image.resize_nearest': row({
    builtin: 'RESIZE_NEAREST_NEIGHBOR',
    options: 'ResizeNearestNeighborOptions',
    ...resizing,
  }),
  'nn.depthwise_conv2d': row({
    builtin: 'DEPTHWISE_CONV_2D',
    options: 'DepthwiseConv2DOptions',
    versions: { int8: 3, int16: 5 },
    read: (o) => ({ ...window.read(o), depthMultiplier: o.depthMultiplier }),
    write: (a) => ({ ...window.write(a), depthMultiplier: a.depthMultiplier }),
  }),
  'nn.dense': row({
    builtin: 'FULLY_CONNECTED',
    options: 'FullyConnectedOptions',
    versions: { int8: 4, int16: 7 },
    read: (o) =>
      o.weightsFormat !== 'DEFAULT'
        ? `weights stored as ${o.weightsFormat} are not supported: convert the model again without shuffled weights`
        : {
            activation: o.fusedActivationFunction,
            keepNumDims: o.keepNumDims,
            asymmetricQuantizeInputs: o.asymmetricQuantizeInputs,
            ...biased.read(o),
          },
    write: (a) => ({
      fusedActivationFunction: a.activation,
      keepNumDims: a.keepNumDims,
      asymmetricQuantizeInputs: a.asymmetricQuantizeInputs,
      ...biased.write(a),
    }),
  }),
  'nn.avg_pool2d': row({ builtin: 'AVERAGE_POOL_2D', ...pool }),
  'nn.max_pool2d': row({ builtin: 'MAX_POOL_2D', ...pool }),
  'nn.l2_pool2d': row({ builtin: 'L2_POOL_2D', ...pool }),
};
