/** The operands of an LSTM and its extents, as its rules, its arithmetic and its code generation see them. */

import { operand } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { type Sequence, sequenceOf } from '../shared/recurrent.ts';

type Kind = 'nn.lstm';

/** Operands by what they are; those from 24 on exist only in passes of bidirectional LSTMs (lstm_passes.ts). */
export const LSTM = {
  data: 0,
  projection: 16,
  projectionBias: 17,
  outputState: 18,
  cellState: 19,
  aux: 25,
  input: { weights: 1, recurrent: 5, peephole: 9, bias: 12, norm: 20, aux: 26 },
  forget: { weights: 2, recurrent: 6, peephole: 10, bias: 13, norm: 21, aux: 27 },
  /** The cell's gate has no peephole: operand 24 does not exist. */
  cell: { weights: 3, recurrent: 7, peephole: 24, bias: 14, norm: 22, aux: 28 },
  output: { weights: 4, recurrent: 8, peephole: 11, bias: 15, norm: 23, aux: 29 },
} as const;
export const GATES = ['input', 'forget', 'cell', 'output'] as const;
export type Gate = (typeof GATES)[number];

export type LstmForm = 'float' | 'hybrid' | 'integer';
/** What is computed with what, by the types of data and weights. */
export const lstmForm = (op: OpView<Kind>): LstmForm =>
  operand(op, 0).dtype === 'int8' ? 'integer' : operand(op, 2).dtype === 'float32' ? 'float' : 'hybrid';

/** Extents of the operator. */
export interface LstmShape extends Sequence {
  readonly inputs: number;
  readonly cells: number;
  readonly outputs: number;
  /** Width of the auxiliary data; 0: there are none. */
  readonly aux: number;
}
export function lstmShape(op: OpView<Kind>): LstmShape {
  const data = operand(op, LSTM.data).shape;
  const [cells, outputs] = operand(op, LSTM.output.recurrent).shape;
  const aux = has(op, LSTM.aux) ? operand(op, LSTM.aux).shape.at(-1)! : 0;
  return { ...sequenceOf(data, op.attrs.timeMajor), inputs: data.at(-1)!, cells, outputs, aux };
}

/** Whether operand `i` is given. */
export const has = (op: OpView<Kind>, i: number): boolean => op.inputs[i] != null;
