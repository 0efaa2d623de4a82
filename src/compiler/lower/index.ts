/** Lowering: operators with weights → layers. Pure. */
import { batchMatmulLowerings } from './batch_matmul.ts';
import { convLowerings } from './conv.ts';
import { denseLowerings } from './dense.ts';
import { tapsLowerings } from './taps.ts';

/** The lowering of each kind of operator with weights. */
export const LOWERINGS = { ...convLowerings, ...denseLowerings, ...batchMatmulLowerings, ...tapsLowerings };
