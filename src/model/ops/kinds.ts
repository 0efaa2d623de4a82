import type { ConvFamily } from './conv.ts';
import type { DenseFamily } from './dense.ts';
import type { ElementwiseFamily } from './elementwise.ts';
import type { PoolFamily } from './pool.ts';
import type { QuantizeFamily } from './quantize.ts';
import type { ReduceFamily } from './reduce.ts';
import type { ShapeFamily } from './shape.ts';
import type { SoftmaxFamily } from './softmax.ts';

/**
 * The attributes of every operator kind. Kinds carry Relay's names; whether an application is quantized is read off
 * its tensors, and the printer then writes the `qnn.` name with the quantization as attributes.
 * A new family adds its interface here; every table over kinds then fails to compile until it has the new rows.
 */
export interface OpAttrs
  extends ConvFamily,
    DenseFamily,
    PoolFamily,
    ElementwiseFamily,
    ReduceFamily,
    SoftmaxFamily,
    ShapeFamily,
    QuantizeFamily {}

export type OpKind = keyof OpAttrs;
