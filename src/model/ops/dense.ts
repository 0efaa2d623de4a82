import type { Activation } from './attrs.ts';

export interface DenseFamily {
  /** data [..., K], weights [units, K], optional bias [units]. TFLite FULLY_CONNECTED. */
  'nn.dense': {
    readonly activation: Activation;
    readonly keepNumDims: boolean;
    readonly asymmetricQuantizeInputs: boolean;
  };
}
