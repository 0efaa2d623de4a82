/** The matrix multiplication template. */
import { oneLayer } from '../one_layer.ts';
import type { Template } from '../template.ts';
import { gemmCycles } from './cost.ts';
import { emitGemm } from './emit.ts';
import { type AnyGemmLayer, gemmWorkloads } from './from_layer.ts';
import { emitHybridGemm } from './hybrid.ts';
import { emitMatmulPairs } from './pairs.ts';
import { type GemmSchedule, gemmKnobs, gemmSpace, illegalGemm } from './space.ts';
import { type GemmWorkload, keyOfGemm } from './workload.ts';

export const GEMM: Template<AnyGemmLayer, GemmWorkload, GemmSchedule> = {
  ...{ name: 'gemm', version: 1, knobs: gemmKnobs },
  ...{ key: keyOfGemm, space: gemmSpace, legal: illegalGemm, cycles: gemmCycles },
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
