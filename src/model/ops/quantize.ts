import type { NoAttrs } from './attrs.ts';

export interface QuantizeFamily {
  /** float → integer (TFLite QUANTIZE on a float tensor). */
  'qnn.quantize': NoAttrs;
  /** integer or float16 → float (TFLite DEQUANTIZE). */
  'qnn.dequantize': NoAttrs;
  /** integer → integer with other parameters (TFLite QUANTIZE on an integer tensor). */
  'qnn.requantize': NoAttrs;
}
