/** The operators made of LSTM cells as passes over a sequence, each of which reads as an `nn.lstm`. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { EvalView, OpView } from '../definition.ts';
import { LSTM } from './layout.ts';

export type LstmKind = 'nn.lstm' | 'nn.lstm_cell' | 'nn.bidirectional_lstm';

export interface LstmPass {
  /** Which one it is, where there are two. */
  readonly way: 'forward' | 'backward' | null;
  /** Operands as `LSTM` orders them. */
  readonly view: OpView<'nn.lstm'>;
  /** For each of them, which of the operator's own it is; -1: none. */
  readonly operands: readonly number[];
  /** From the last step to the first. */
  readonly reversed: boolean;
  /** The result that is written, and from which column of its rows. */
  readonly output: number;
  readonly column: number;
}

/** Operands of `nn.bidirectional_lstm` by what they are. */
export const BIDIRECTIONAL = {
  forward: { cells: 1, states: 35, aux: 40 },
  backward: { cells: 18, states: 37, aux: 44 },
  aux: 39,
} as const;
/** Weights, biases and projection of one way: as many as of `nn.lstm`, in its order. */
const CELL_OPERANDS = LSTM.projectionBias;

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

export const hasAuxWeights = (op: OpView<'nn.bidirectional_lstm'>): boolean =>
  op.inputs[BIDIRECTIONAL.forward.aux + 1] != null;

/**
 * Without weights of their own, auxiliary data are the backward pass's data: the backward results of the layer before.
 */
function bidirectionalPasses(op: OpView<'nn.bidirectional_lstm'>): LstmPass[] {
  const crossed = hasAuxWeights(op);
  return (['forward', 'backward'] as const).map((way) => {
    const { cells, states, aux } = BIDIRECTIONAL[way];
    const apart = way === 'backward' && !crossed && op.inputs[BIDIRECTIONAL.aux] != null;
    const output = way === 'backward' && !op.attrs.mergeOutputs ? 1 : 0;
    const operands = [
      ...[apart ? BIDIRECTIONAL.aux : 0, ...range(cells, CELL_OPERANDS), ...range(states, 2), ...Array(5).fill(-1)],
      ...(crossed ? [BIDIRECTIONAL.aux, ...range(aux, 4)] : Array(5).fill(-1)),
    ];
    const inputs = operands.map((i): Tensor | null => op.inputs[i] ?? null);
    const first = op.inputs[BIDIRECTIONAL.forward.cells + LSTM.output.recurrent - 1];
    return {
      ...{ way, operands, output, reversed: way === 'backward' },
      view: { kind: 'nn.lstm', attrs: op.attrs, inputs, outputs: [op.outputs[output] ?? op.outputs[0]] },
      column: way === 'backward' && op.attrs.mergeOutputs ? first!.shape[1] : 0,
    };
  });
}

export function lstmPasses(op: OpView<LstmKind>): LstmPass[] {
  if (op.kind === 'nn.bidirectional_lstm') return bidirectionalPasses(op as OpView<'nn.bidirectional_lstm'>);
  const attrs = { timeMajor: true, ...op.attrs };
  const view: OpView<'nn.lstm'> = { kind: 'nn.lstm', attrs, inputs: op.inputs, outputs: op.outputs };
  return [{ way: null, view, operands: range(0, op.inputs.length), reversed: false, output: 0, column: 0 }];
}

/** The pass with the elements of its operands. */
export const withData = (op: EvalView<LstmKind>, { view, operands }: LstmPass): EvalView<'nn.lstm'> => ({
  ...view,
  data: operands.map((i) => op.data[i] ?? null),
  profile: op.profile,
});
