/** BATCH_MATMUL. */

import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { type BatchMatmulFamily, matmulFactor, matmulForm, matmulOf } from '../../model/ops/batch_matmul.ts';
import { operand, parameters } from '../../model/ops/checks.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { GemmLayer, Layer, Requantization } from './layers.ts';
import type { LoweringTable } from './lowering.ts';
import { pixelsShape } from './weights.ts';

type Op = OpView<'nn.batch_matmul'>;

function lowerMatmul(op: Op, profile: Profile): Layer | null {
  const [lhs, rhs, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const { adjX: swapX, adjY: swapY, asymmetricQuantizeInputs: asymmetric } = op.attrs;
  if (elements(output.shape) === 0) return null;
  const form = matmulForm(op);
  const matmul = matmulOf(op, profile);
  const requantization: Requantization | null =
    form === 'int8' || form === 'wide' ? { factors: [matmulFactor(op)], inDouble: false } : null;
  const layer = { lhs, rhs, output, ...matmul, swapX, swapY, requantization };
  if (form !== 'float' && form !== 'int8') return { kind: 'reference_matmul', form, asymmetric, ...layer };
  const one = matmul.pairs.every((pair, i) => pair.lhs === i && pair.rhs === 0);
  return rhs.data !== null && one && !swapX
    ? oneRight(op, rhs.data, profile, requantization)
    : { kind: 'matmul_pairs', ...layer };
}

/** All left matrices, stacked, times one constant right matrix: a fully connected layer. */
function oneRight(op: Op, data: TensorData, profile: Profile, requantization: Requantization | null): GemmLayer {
  const { m, n, k, pairs } = matmulOf(op, profile);
  const columns = op.attrs.adjY ? data : data.map((_, i) => data[(i % k) * n + Math.floor(i / k)] as never);
  const rows = m * pairs.length;
  const zeroPoint = requantization === null ? 0 : parameters(operand(op, 1)).zeroPoint;
  return {
    ...{ kind: 'gemm', op: 'nn.dense', data: operand(op, 0), output: op.outputs[0] },
    weights: { data: columns as Int8Array, zeroPoint, bias: null },
    ...{ shape: pixelsShape(rows, k), m: rows, columns: n, activation: 'NONE', requantization, infinite: true },
  };
}

export const batchMatmulLowerings: LoweringTable<BatchMatmulFamily> = { 'nn.batch_matmul': lowerMatmul };
