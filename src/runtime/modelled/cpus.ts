import type { CpuName } from '../../compiler/targets/index.ts';
import { A53, A55 } from './in_order.ts';
import { A72, A76, M1, N2, V1, V2 } from './out_of_order.ts';
import type { Pipeline } from './pipeline.ts';

/** Raised whenever a pipeline's figures or the way they are applied change: modelled cycles of different versions are not compared. */
export const MODEL_VERSION = 4;

/** The pipelines that cycles are modelled by. */
export const PIPELINES: Readonly<Record<CpuName, Pipeline>> = {
  'cortex-a53': A53,
  'cortex-a55': A55,
  'cortex-a72': A72,
  'cortex-a76': A76,
  'neoverse-n1': A76,
  'neoverse-n2': N2,
  'neoverse-v1': V1,
  'neoverse-v2': V2,
  'apple-m1': M1,
};
