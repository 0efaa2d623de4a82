/* conv_plain.h: convolution, depthwise convolution and fully connected (1 x 1, one image a row) in plain loops, for the
 * forms that have no template: hybrid (float data quantized while running, integer weights), INT16x8, and weights that
 * are themselves computed. Weights as in the file: OHWI, or HWC for depthwise. Sums are exact in 64 bits; where
 * TFLite's are of 32 bits they are cut, which is what wrapping would leave. */
#ifndef IG_CONV_PLAIN_H
#define IG_CONV_PLAIN_H

#include "conv.h"
#include "gemm_portable.h"
#include "hybrid_quantize.h"
#include "transcendental.h"

enum { PLAIN_I8, PLAIN_U8, PLAIN_I16, PLAIN_F32 };
/* What becomes of a sum: fixed point or double of 32 bits (gemm_epilogue), the same of 64 bits (INT16x8), the float
 * sum itself, or an integer sum times the scales: hybrid. PLAIN_HALVES_UP: fixed point that rounds twice with halves
 * up. */
enum { PLAIN_INTEGER, PLAIN_WIDE, PLAIN_FLOAT, PLAIN_HYBRID, PLAIN_HALVES_UP };

typedef struct {
  conv_shape shape;
  int batch, outs;
  int multiplier;           /* of a depthwise convolution; 0 for OHWI weights */
  int data, weight, result; /* element types */
  int finish;
  int32_t data_zero, weight_zero;
  gemm_epilogue out;        /* PLAIN_INTEGER, PLAIN_WIDE */
  const int64_t *bias_wide; /* PLAIN_WIDE */
  const float *bias;        /* float and hybrid; or NULL */
  float low, high;
  int with_tanh;
  int asymmetric;            /* hybrid: data quantized over [-128, 127] with a zero point, else over [-127, 127] */
  int weights_then_data;     /* hybrid: (sum * weight scale) * data scale; else sum * (both scales) */
  const float *weight_scale; /* one a channel */
} conv_plain;

IG_INLINE int32_t plain_integer(const void *from, int type, size_t at) {
  if (type == PLAIN_I16) return ((const int16_t *)from)[at];
  return type == PLAIN_U8 ? ((const uint8_t *)from)[at] : ((const int8_t *)from)[at];
}

/* Stores the result of channel c. */
IG_INLINE void plain_store(const conv_plain *p, int64_t sum, float fsum, float scale, int c, void *to, size_t at) {
  if (p->finish == PLAIN_FLOAT || p->finish == PLAIN_HYBRID) {
    if (p->finish == PLAIN_HYBRID) fsum = hybrid_real((int32_t)sum, p->weight_scale[c], scale, p->weights_then_data);
    if (p->bias) fsum += p->bias[c];
    if (p->with_tanh) fsum = ig_tanh_f32(fsum);
    fsum = fsum < p->low ? p->low : fsum;
    ((float *)to)[at] = fsum > p->high ? p->high : fsum;
    return;
  }
  int32_t r;
  if (p->finish == PLAIN_INTEGER) {
    r = gemm_result(&p->out, (int32_t)(uint32_t)(uint64_t)(sum + p->out.bias[c]), c);
  } else if (p->finish == PLAIN_HALVES_UP) {
    r = ig_requant_s32_up((int32_t)(uint32_t)(uint64_t)(sum + p->out.bias[c]), p->out.multiplier[c], p->out.shift[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  } else if (p->out.requantize == GEMM_DOUBLE) {
    r = gemm_round_away((double)(sum + p->bias_wide[c]) * p->out.scale[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  } else {
    r = ig_requant_s64(sum + p->bias_wide[c], p->out.multiplier[c], p->out.shift[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  }
  if (p->result == PLAIN_I16) ((int16_t *)to)[at] = (int16_t)r;
  else ((uint8_t *)to)[at] = (uint8_t)r;
}

/* The sum of one output element: window at (y0, x0), channel c, of image `x`. */
IG_INLINE void plain_sum(const conv_plain *p, const void *x, const void *w, int32_t zero, int data, int y0, int x0,
                         int c, int64_t *sum, float *fsum) {
  const conv_shape *s = &p->shape;
  const int depth = p->multiplier ? 1 : s->channels / s->groups;
  const int first = p->multiplier ? c / p->multiplier : c / (p->outs / s->groups) * depth;
  *sum = 0;
  *fsum = 0;
  for (int ky = 0; ky < s->kernel_h; ky++)
    for (int kx = 0; kx < s->kernel_w; kx++) {
      const int iy = y0 + ky * s->dilation_h, ix = x0 + kx * s->dilation_w;
      if (iy < 0 || iy >= s->in_h || ix < 0 || ix >= s->in_w) continue;
      const size_t at = ((size_t)iy * s->in_w + ix) * s->channels + first;
      const size_t tap = (size_t)ky * s->kernel_w + kx;
      const size_t from = p->multiplier ? tap * p->outs + c : ((size_t)c * s->kernel_h * s->kernel_w + tap) * depth;
      if (data == PLAIN_F32) {
        for (int k = 0; k < depth; k++) *fsum += ((const float *)x)[at + k] * ((const float *)w)[from + k];
      } else {
        /* 128 products of 17 and of 9 bits fit 32: sums of those are what compilers vectorise. */
        for (int k0 = 0; k0 < depth; k0 += 128) {
          int32_t part = 0;
          for (int k = k0; k < depth && k < k0 + 128; k++)
            part += (plain_integer(x, data, at + k) - zero) * (plain_integer(w, p->weight, from + k) - p->weight_zero);
          *sum += part;
        }
      }
    }
}

/* What the loops rely on. */
IG_INLINE void conv_plain_check(const conv_plain *p) {
  const conv_shape *s = &p->shape;
  (void)s;
  IG_ASSERT(p->multiplier ? p->outs == s->channels * p->multiplier
                          : s->channels % s->groups == 0 && p->outs % s->groups == 0);
  IG_ASSERT((p->finish == PLAIN_FLOAT) == (p->weight == PLAIN_F32));
  IG_ASSERT(p->finish != PLAIN_HYBRID || p->data == PLAIN_F32);
}

/* quantized: scratch of one image's elements for hybrid, else unused. */
IG_INLINE void conv_plain_run(const conv_plain *p, const void *in, const void *weights, int8_t *quantized, void *out) {
  const conv_shape *s = &p->shape;
  const size_t image = (size_t)s->in_h * s->in_w * s->channels;
  const int hybrid = p->finish == PLAIN_HYBRID;
  size_t at = 0;
  conv_plain_check(p);
  for (int b = 0; b < p->batch; b++) {
    const void *x = (const uint8_t *)in + b * image * s->item;
    int32_t zero = p->data_zero;
    float scale = 1;
    if (hybrid) {
      hybrid_quantize(x, image, p->asymmetric, quantized, &scale, &zero);
      x = quantized;
    }
    for (int oy = 0; oy < s->out_h; oy++)
      for (int ox = 0; ox < s->out_w; ox++)
        for (int c = 0; c < p->outs; c++, at++) {
          const int y0 = oy * s->stride_h - s->pad_top, x0 = ox * s->stride_w - s->pad_left;
          int64_t sum;
          float fsum;
          plain_sum(p, x, weights, zero, hybrid ? PLAIN_I8 : p->data, y0, x0, c, &sum, &fsum);
          plain_store(p, sum, fsum, scale, c, out, at);
        }
  }
}

#endif
