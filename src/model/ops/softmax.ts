export interface SoftmaxFamily {
  'nn.softmax': { readonly beta: number };
}
