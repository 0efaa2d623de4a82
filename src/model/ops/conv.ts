import type { Activation, HW, Padding, Pads } from './attrs.ts';

export interface Conv2dAttrs {
  /** What the file says, or explicit extents once a pass has folded a pad operator in. */
  readonly padding: Padding | Pads;
  readonly strides: HW;
  readonly dilation: HW;
  readonly activation: Activation;
}
export interface DepthwiseConv2dAttrs extends Conv2dAttrs {
  readonly depthMultiplier: number;
}

export interface ConvFamily {
  /** data NHWC, kernel OHWI, optional bias [O]. TFLite CONV_2D; groups where I divides C. */
  'nn.conv2d': Conv2dAttrs;
  /** data NHWC, kernel 1HWC·M, optional bias. TFLite DEPTHWISE_CONV_2D. */
  'nn.depthwise_conv2d': DepthwiseConv2dAttrs;
}
