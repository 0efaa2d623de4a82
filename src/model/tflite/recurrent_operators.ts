import type { Intermediate, LstmFamily } from '../ops/lstm.ts';
import type { BasicLstmFamily } from '../ops/lstm_basic.ts';
import type { RnnFamily } from '../ops/rnn.ts';
import { perTensor } from '../tensor/quantization.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activated, type OperatorRow, row } from './rows.ts';
import type { OptionsOf } from './schema/options.ts';

export interface RecurrentFamily extends LstmFamily, BasicLstmFamily, RnnFamily {}

const intermediateOf = (t: Tensor): Intermediate | null =>
  t.quantization === null ? null : { scale: t.quantization.scales[0], zeroPoint: t.quantization.zeroPoints[0] };

/** Tensors that stand for the parameters; the last one, the hidden state, is int8. */
const intermediateTensors = (list: readonly (Intermediate | null)[]): Tensor[] =>
  list.map((q, i) => ({
    name: `intermediate_${i}`,
    dtype: q === null ? 'float32' : i === 4 ? 'int8' : 'int16',
    shape: [],
    quantization: q === null ? null : perTensor(q.scale, q.zeroPoint),
    data: null,
  }));

type Intermediates = LstmFamily['nn.lstm_cell']['intermediates'];
const intermediates = {
  read: <A extends { readonly intermediates?: Intermediates }>(attrs: A, tensors: readonly Tensor[]): A => ({
    ...attrs,
    intermediates: tensors.map(intermediateOf),
  }),
  write: (attrs: { readonly intermediates?: Intermediates }) => intermediateTensors(attrs.intermediates ?? []),
};

/** How data are quantized while running, of all these operators. */
const cell = {
  read: (o: OptionsOf<'RNNOptions'>) => ({
    ...activated.read(o),
    asymmetricQuantizeInputs: o.asymmetricQuantizeInputs,
  }),
  write: (a: RnnFamily['nn.rnn_cell']) => ({
    ...activated.write(a),
    asymmetricQuantizeInputs: a.asymmetricQuantizeInputs,
  }),
};
const clipped = {
  read: (o: Omit<OptionsOf<'LSTMOptions'>, 'kernelType'>) => ({
    ...cell.read(o),
    cellClip: o.cellClip,
    projectionClip: o.projClip,
  }),
  write: (a: Omit<LstmFamily['nn.lstm_cell'], 'intermediates'>) => ({
    ...cell.write(a),
    cellClip: a.cellClip,
    projClip: a.projectionClip,
  }),
};

/** The basic kernel of LSTM has five operands, the full one four times as many. */
const BASIC_OPERANDS = 5;

export const recurrentOperators: { readonly [K in keyof RecurrentFamily]: OperatorRow<K> } = {
  'nn.lstm': {
    ...row<'nn.lstm', 'UnidirectionalSequenceLSTMOptions'>({
      builtin: 'UNIDIRECTIONAL_SEQUENCE_LSTM',
      options: 'UnidirectionalSequenceLSTMOptions',
      versions: { int8: 3 },
      read: (o) =>
        o.diagonalRecurrentTensors
          ? 'diagonal recurrent weights are not supported'
          : { ...clipped.read(o), timeMajor: o.timeMajor },
      write: (a) => ({ ...clipped.write(a), timeMajor: a.timeMajor }),
    }),
    intermediates,
  },
  'nn.lstm_cell': {
    ...row<'nn.lstm_cell', 'LSTMOptions'>({
      builtin: 'LSTM',
      options: 'LSTMOptions',
      versions: { int8: 4 },
      read: (o) =>
        o.kernelType === 'FULL' ? clipped.read(o) : `a ${o.kernelType} kernel takes ${BASIC_OPERANDS} inputs`,
      write: (a) => ({ ...clipped.write(a), kernelType: 'FULL' }),
    }),
    when: (inputs) => inputs.length !== BASIC_OPERANDS,
    intermediates,
  },
  'nn.basic_lstm_cell': {
    ...row<'nn.basic_lstm_cell', 'LSTMOptions'>({
      builtin: 'LSTM',
      options: 'LSTMOptions',
      versions: { float32: 2, uint8: 2 },
      read: (o) =>
        o.kernelType === 'BASIC' ? {} : `a ${o.kernelType} kernel takes 20 or 24 inputs, not ${BASIC_OPERANDS}`,
      write: () => ({ kernelType: 'BASIC', fusedActivationFunction: 'TANH' }),
    }),
    when: (inputs) => inputs.length === BASIC_OPERANDS,
  },
  'nn.bidirectional_lstm': row({
    builtin: 'BIDIRECTIONAL_SEQUENCE_LSTM',
    options: 'BidirectionalSequenceLSTMOptions',
    versions: { int8: 3 },
    read: (o) => ({ ...clipped.read(o), timeMajor: o.timeMajor, mergeOutputs: o.mergeOutputs }),
    write: (a) => ({ ...clipped.write(a), timeMajor: a.timeMajor, mergeOutputs: a.mergeOutputs }),
  }),
  'nn.rnn_cell': row({ builtin: 'RNN', options: 'RNNOptions', versions: { int8: 3 }, ...cell }),
  'nn.rnn': row({
    builtin: 'UNIDIRECTIONAL_SEQUENCE_RNN',
    options: 'SequenceRNNOptions',
    versions: { int8: 3 },
    read: (o) => ({ ...cell.read(o), timeMajor: o.timeMajor }),
    write: (a) => ({ ...cell.write(a), timeMajor: a.timeMajor }),
  }),
  'nn.bidirectional_rnn': row({
    builtin: 'BIDIRECTIONAL_SEQUENCE_RNN',
    options: 'BidirectionalSequenceRNNOptions',
    versions: { int8: 3 },
    read: (o) => ({ ...cell.read(o), timeMajor: o.timeMajor, mergeOutputs: o.mergeOutputs }),
    write: (a) => ({ ...cell.write(a), timeMajor: a.timeMajor, mergeOutputs: a.mergeOutputs }),
  }),
};
