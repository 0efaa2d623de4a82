/** The matrix multiplication template. */
import { oneLayer } from '../one_layer.ts';
import type { Template } from '../template.ts';
import { emitGemm } from './emit.ts';
import { type AnyGemmLayer, gemmWorkloads } from './from_layer.ts';
import { emitHybridGemm } from './hybrid.ts';
import { emitMatmulPairs } from './pairs.ts';
import type { GemmSchedule } from './schedule.ts';
import { GEMM_SPACE } from './space.ts';
import type { GemmWorkload } from './workload.ts';

export const GEMM: Template<AnyGemmLayer, GemmWorkload, GemmSchedule> = {
  ...GEMM_SPACE,
  workloads: gemmWorkloads,
  oneLayer,
  emit(layer, chosen, ctx) {
    switch (layer.kind) {
      case 'gemm':
        return emitGemm(layer, chosen[0], ctx);
      case 'hybrid_gemm':
        return emitHybridGemm(layer, chosen[0], ctx);
      case 'matmul_pairs':
        return emitMatmulPairs(layer, chosen, ctx);
    }
  },
};
