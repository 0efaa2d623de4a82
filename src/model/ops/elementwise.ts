import type { Activation, NoAttrs } from './attrs.ts';

export interface ElementwiseFamily {
  add: { readonly activation: Activation };
  subtract: { readonly activation: Activation };
  multiply: { readonly activation: Activation };
  'nn.relu': NoAttrs;
  'nn.relu6': NoAttrs;
  sigmoid: NoAttrs;
  tanh: NoAttrs;
}
