import type { Activation } from '../arithmetic/activation.ts';
import type { NoAttrs, OpAttrs, OpKind } from '../ops/attrs.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { BuiltinOperator } from './schema/enums.ts';
import type { OptionsName, OptionsName2, OptionsOf, OptionsOf2 } from './schema/options.ts';

export type Versions = Partial<Record<DType, number>>;

/** How a kind of the IR and a builtin operator of TFLite stand for one another. */
export interface OperatorRow<K extends OpKind> {
  readonly builtin: BuiltinOperator;
  /** The options table the operator carries; null: none. */
  readonly options: OptionsName | null;
  /** The table of the second union that it carries in place of one of the first. */
  readonly options2?: OptionsName2;
  /** Operator versions that runtimes expect, by the first operand's type; 1 elsewhere. */
  readonly versions: Versions;
  /** Where several kinds share a builtin operator: whether these operands make it this kind. */
  when?(inputs: readonly (Tensor | null)[]): boolean;
  /** The name of a custom operator (builtin CUSTOM), whose options are bytes. */
  readonly custom?: string;
  /** Attributes from options; a string says why the options cannot be honoured. */
  read(options: unknown): OpAttrs[K] | string;
  /** Options from attributes and the number of operands; what is left out has the schema's default. */
  write(attrs: OpAttrs[K], operands: number): Readonly<Record<string, unknown>>;
  writeCustom?(attrs: OpAttrs[K]): Uint8Array;
  /** How tensors that only tell of quantization inside the operator become attributes, and attributes such tensors. */
  readonly intermediates?: {
    read(attrs: OpAttrs[K], tensors: readonly Tensor[]): OpAttrs[K];
    write(attrs: OpAttrs[K]): readonly Tensor[];
  };
}

interface RowOf<K extends OpKind, N extends OptionsName> {
  readonly builtin: BuiltinOperator;
  readonly options: N;
  readonly versions?: Versions;
  read(options: OptionsOf<N>): OpAttrs[K] | string;
  write(attrs: OpAttrs[K], operands: number): Partial<OptionsOf<N>>;
}
/** An operator with options. */
export const row = <K extends OpKind, N extends OptionsName>(r: RowOf<K, N>): OperatorRow<K> => ({
  builtin: r.builtin,
  options: r.options,
  versions: r.versions ?? {},
  read: r.read as OperatorRow<K>['read'],
  write: r.write,
});

interface NewRowOf<K extends OpKind, N extends OptionsName2> {
  readonly builtin: BuiltinOperator;
  readonly options2: N;
  read(options: OptionsOf2<N>): OpAttrs[K] | string;
  write(attrs: OpAttrs[K], operands: number): Partial<OptionsOf2<N>>;
}
/** An operator with options of the second union. */
export const newRow = <K extends OpKind, N extends OptionsName2>(r: NewRowOf<K, N>): OperatorRow<K> => ({
  ...{ builtin: r.builtin, options: null, options2: r.options2, versions: {} },
  read: r.read as OperatorRow<K>['read'],
  write: r.write,
});

type PlainKind = { [K in OpKind]: NoAttrs extends OpAttrs[K] ? K : never }[OpKind];
/** An operator without attributes. */
export const plain = <K extends PlainKind>(
  builtin: BuiltinOperator,
  options: OptionsName | null = null,
  versions: Versions = {},
): OperatorRow<K> => ({ builtin, options, versions, read: () => ({}) as OpAttrs[K], write: () => ({}) });

/** The versions of most operators that compute on 8 and 16 bits. */
export const NEWER: Versions = { int8: 2, int16: 3 };

/** The one attribute of operators that a fused activation ends. */
export const activated = {
  read: (o: { readonly fusedActivationFunction: Activation }) => ({ activation: o.fusedActivationFunction }),
  write: (a: { readonly activation: Activation }) => ({ fusedActivationFunction: a.activation }),
};
