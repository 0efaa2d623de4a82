/** Batch matrix multiplication, right matrices packed at run time: native/kernels/matmul_gemm.h. */

import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import type { MatmulPairsLayer } from '../../lower/layers.ts';
import { epilogueFields, NO_CLAMP } from '../epilogue/fields.ts';
import type { Chosen } from '../template.ts';
import { kernelC, packedDepthOf, SPARE, tileFields, WEIGHT_BYTES } from './description.ts';
import { kernelOf } from './kernels/index.ts';
import { perColumn } from './pack.ts';
import type { GemmSchedule } from './space.ts';
import type { GemmWorkload } from './workload.ts';

type Product = Chosen<GemmWorkload, GemmSchedule>;

const layoutOf = ({ schedule }: Product) => kernelOf(schedule.kernel).layout;
/** Whether packed weights have the zero point subtracted. */
const centers = (product: Product): boolean => layoutOf(product).storage === 'int16';

/** One product for all right matrices, or one for those without -128 and one for the others. */
function productsOf(chosen: readonly Product[]): readonly Product[] {
  const [narrow, any] = chosen;
  const takesAll = kernelOf(narrow.schedule.kernel).exactFor.includes('int8-dynamic');
  return any === undefined || takesAll ? [narrow] : [narrow, any];
}

/** The C of a layer. */
export function emitMatmulPairs(layer: MatmulPairsLayer, chosen: readonly Product[], ctx: EmitContext): Emission {
  const { lhs, rhs, output, m, n, k, pairs, swapX, swapY, requantization } = layer;
  const float = requantization === null;
  const products = productsOf(chosen);
  const depthOf = ({ workload, schedule }: Product): number => packedDepthOf(workload, schedule);
  const depth = Math.max(...products.map(depthOf));
  const copies = swapX || depth !== k;
  const zero = (operand: Tensor): number => (float ? 0 : parameters(operand).zeroPoint);
  const description = cDescription('matmul_pairs', 'd', {
    ...integers({ m, n, k, swap_x: swapX, swap_y: swapY, copies }),
    ...integers({ lhs_zero: zero(lhs), rhs_zero: zero(rhs) }),
    pair: ctx.constant(Int32Array.from(pairs.flatMap((pair) => [pair.lhs, pair.rhs]))),
  });
  const columns = ({ schedule }: Product): number => Math.ceil(n / schedule.nr) * schedule.nr;
  const most = (bytes: (product: Product) => number): string => ctx.scratch(Math.max(...products.map(bytes)));
  const panels = most((p) => columns(p) * depthOf(p) * WEIGHT_BYTES[layoutOf(p).storage] + SPARE);
  const copy = copies ? ctx.scratch(m * depth * itemSize(lhs.dtype) + SPARE) : 'NULL';
  const range = ctx.steps(pairs.length, pairs.length).join(', ');
  const pitches = { lda: copies ? depth : k, ldc: n };
  const tile = ({ workload, schedule }: Product): Fields => ({
    ...tileFields(workload, schedule, ctx.target, pitches),
    weights: panels,
  });
  const [x, y, out] = [ctx.input(0), ctx.input(1), ctx.output(0)];
  const kernels = products.map(({ schedule }) => schedule.kernel);
  const shared = kernelC(products, 'matmul', ctx.target);
  if (float) {
    const [product] = products;
    const bias = ctx.constant(new Float32Array(Math.max(n, product.schedule.nr)));
    const g = cDescription('gemm_f32', 'g', { ...tile(product), bias, ...NO_CLAMP });
    const operands = ['&d', '&g', x, y, panels, copy, out, range];
    return { ...shared, body: `${description}${g}matmul_run_${kernels[0]}(${operands.join(', ')});\n` };
  }
  const bias = most((p) => {
    const { pairsTwice, biasWords } = layoutOf(p);
    return 4 * (pairsTwice ? 2 * columns(p) : biasWords * Math.max(n, p.schedule.nr));
  });
  const factor = (p: Product): number => (centers(p) ? 0 : -zero(rhs));
  const rows = most((p) => (factor(p) === 0 ? 0 : 4 * (p.schedule.weightsFirst ? m : p.schedule.mr)));
  const tiles = products.map((product, i) => {
    const { workload, schedule } = product;
    const layout = (valueAt: (column: number) => number) => perColumn(valueAt, workload, schedule);
    return cDescription('gemm_i8', i === 0 ? 'g' : 'wide', {
      ...tile(product),
      ...integers({ row_factor: factor(product) }),
      ...epilogueFields({ output, activation: 'NONE', requantization, profile: ctx.profile, bias, layout }, ctx),
    });
  });
  const work = cDescription('matmul_work', 's', { panels, bias, sums: ctx.scratch(4 * n), rows, copy });
  const wide = products.length > 1 ? '&wide' : 'NULL';
  const operands = ['&d', '&g', wide, x, y, '&s', out, range];
  return {
    ...shared,
    body: `${description}${tiles.join('')}${work}matmul_run_${kernels[0]}_${kernels.at(-1)}(${operands.join(', ')});\n`,
  };
}
