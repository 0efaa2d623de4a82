export interface ReduceFamily {
  /** data, axes (constant int32). */
  mean: { readonly keepDims: boolean };
}
