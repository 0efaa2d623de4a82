import type { Model } from '../../model/ir/graph.ts';
import type { ModelConfig } from '../config/load.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Metric } from '../metrics/index.ts';

/** Of a model pair, what remedies are tried on. */
export interface Subject {
  readonly config: Pick<ModelConfig, 'name' | 'profile' | 'confidence' | 'threads'>;
  readonly models: { readonly int8: Model; readonly fp32: Model };
  /** Whether FP32 is INT8 dequantized: its weights are then those of INT8. */
  readonly twin: boolean;
  readonly dataset: Dataset;
  readonly metric: Metric;
}
