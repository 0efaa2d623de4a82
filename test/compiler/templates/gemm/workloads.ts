import type { GemmWorkload } from '../../../../src/compiler/templates/gemm/workload.ts';
import type { Operands } from '../../../../src/compiler/templates/workload.ts';

interface Matrix {
  readonly data: GemmWorkload['data'];
  readonly operands: Operands;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A convolution of one row of pixels by a kernel of one, changed by `more`. */
export const gemmWorkload = ({ data, operands, m, n, k }: Matrix, more: Partial<GemmWorkload> = {}): GemmWorkload => ({
  ...{
    op: 'nn.conv2d',
    data,
    right: 'constant',
    images: 1,
    input: [1, m],
    channels: k,
    output: [1, m],
    kernel: [1, 1],
  },
  ...{ strides: [1, 1], dilation: [1, 1], padding: [0, 0], groups: 1, n, paddedRows: false },
  ...{ epilogue: data === 'float32' ? 'float' : 'tflite', threads: 1, weights: { operands } },
  ...more,
});
