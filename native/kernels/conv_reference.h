/* conv_reference.h: convolution, depthwise convolution and fully connected layers (1x1, one image per row) for the
 * forms that no tile computes: hybrid (float data quantized at run time, integer weights), INT16x8, and weights that
 * are not constant. ISA: portable C.
 *
 * Tile: one output element. Data: NHWC. Weights: OHWI, or HWC for depthwise, as in the .tflite file.
 * Accumulators: int64, exact; truncated to int32 where TFLite accumulates in 32 bits, which equals its wrapping. Floats
 * are added in the order of the taps. */
#ifndef IG_CONV_REFERENCE_H
#define IG_CONV_REFERENCE_H

#include "conv.h"
#include "gemm_portable.h"
#include "hybrid_quantize.h"
#include "transcendental.h"

enum { ELEMENT_I8, ELEMENT_U8, ELEMENT_I16, ELEMENT_F32 };
enum {
  EPILOGUE_INT32,     /* 32-bit accumulator: gemm_epilogue, fixed point or double */
  EPILOGUE_INT64,     /* 64-bit accumulator (INT16x8): the same */
  EPILOGUE_FLOAT,     /* float accumulator: bias, activation */
  EPILOGUE_HYBRID,    /* int32 accumulator * weight scale * data scale, then as EPILOGUE_FLOAT */
  EPILOGUE_HALVES_UP, /* 32-bit accumulator: fixed point, rounded twice, halves up */
};

typedef struct {
  conv_shape shape;
  int batch, outs;
  int multiplier;           /* depth multiplier; 0: not depthwise */
  int data, weight, result; /* ELEMENT_* */
  int epilogue;             /* EPILOGUE_* */
  int32_t data_zero, weight_zero;
  gemm_epilogue out;        /* EPILOGUE_INT32, EPILOGUE_INT64 */
  const int64_t *bias_wide; /* EPILOGUE_INT64 */
  const float *bias;        /* EPILOGUE_FLOAT, EPILOGUE_HYBRID; may be NULL */
  float low, high;
  int with_tanh;
  int asymmetric;            /* hybrid: data in [-128, 127] with a zero point; else in [-127, 127] */
  int weights_then_data;     /* hybrid: (acc * weight scale) * data scale; else acc * (weight scale * data scale) */
  const float *weight_scale; /* hybrid: one per output channel */
} conv_reference;

IG_INLINE int32_t reference_load(const void *from, int type, size_t at) {
  if (type == ELEMENT_I16) return ((const int16_t *)from)[at];
  return type == ELEMENT_U8 ? ((const uint8_t *)from)[at] : ((const int8_t *)from)[at];
}

/* Epilogue of one accumulator of output channel c; result to to[at]. scale: data scale of hybrid. */
IG_INLINE void reference_store(const conv_reference *p, int64_t sum, float fsum, float scale, int c, void *to,
                               size_t at) {
  if (p->epilogue == EPILOGUE_FLOAT || p->epilogue == EPILOGUE_HYBRID) {
    if (p->epilogue == EPILOGUE_HYBRID)
      fsum = hybrid_real((int32_t)sum, p->weight_scale[c], scale, p->weights_then_data);
    if (p->bias) fsum += p->bias[c];
    if (p->with_tanh) fsum = ig_tanh_f32(fsum);
    fsum = fsum < p->low ? p->low : fsum;
    ((float *)to)[at] = fsum > p->high ? p->high : fsum;
    return;
  }
  int32_t r;
  if (p->epilogue == EPILOGUE_INT32) {
    r = gemm_result(&p->out, (int32_t)(uint32_t)(uint64_t)(sum + p->out.bias[c]), c);
  } else if (p->epilogue == EPILOGUE_HALVES_UP) {
    r = ig_requant_s32_up((int32_t)(uint32_t)(uint64_t)(sum + p->out.bias[c]), p->out.multiplier[c], p->out.shift[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  } else if (p->out.requantize == GEMM_DOUBLE) {
    r = gemm_round_away((double)(sum + p->bias_wide[c]) * p->out.scale[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  } else {
    r = ig_requant_s64(sum + p->bias_wide[c], p->out.multiplier[c], p->out.shift[c]);
    r = ig_clamp(r + p->out.zero_point, p->out.low, p->out.high);
  }
  if (p->result == ELEMENT_I16) ((int16_t *)to)[at] = (int16_t)r;
  else ((uint8_t *)to)[at] = (uint8_t)r;
}

/* Accumulator of one output element: window at (y0, x0) of image x, output channel c. */
IG_INLINE void reference_sum(const conv_reference *p, const void *x, const void *w, int32_t zero, int data, int y0,
                             int x0, int c, int64_t *sum, float *fsum) {
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
      if (data == ELEMENT_F32) {
        for (int k = 0; k < depth; k++) *fsum += ((const float *)x)[at + k] * ((const float *)w)[from + k];
      } else {
        /* 128 products of 17 by 9 bits fit int32: compilers vectorise 32-bit partial sums. */
        for (int k0 = 0; k0 < depth; k0 += 128) {
          int32_t part = 0;
          for (int k = k0; k < depth && k < k0 + 128; k++)
            part +=
                (reference_load(x, data, at + k) - zero) * (reference_load(w, p->weight, from + k) - p->weight_zero);
          *sum += part;
        }
      }
    }
}

/* Preconditions. */
IG_INLINE void conv_reference_check(const conv_reference *p) {
  const conv_shape *s = &p->shape;
  (void)s;
  IG_ASSERT(p->multiplier ? p->outs == s->channels * p->multiplier
                          : s->channels % s->groups == 0 && p->outs % s->groups == 0);
  IG_ASSERT((p->epilogue == EPILOGUE_FLOAT) == (p->weight == ELEMENT_F32));
  IG_ASSERT(p->epilogue != EPILOGUE_HYBRID || p->data == ELEMENT_F32);
}

/* quantized: hybrid: scratch, one int8 per element of an image; else unused. */
IG_INLINE void conv_reference_run(const conv_reference *p, const void *in, const void *weights, int8_t *quantized,
                                  void *out) {
  const conv_shape *s = &p->shape;
  const size_t image = (size_t)s->in_h * s->in_w * s->channels;
  const int hybrid = p->epilogue == EPILOGUE_HYBRID;
  size_t at = 0;
  conv_reference_check(p);
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
          reference_sum(p, x, weights, zero, hybrid ? ELEMENT_I8 : p->data, y0, x0, c, &sum, &fsum);
          reference_store(p, sum, fsum, scale, c, out, at);
        }
  }
}

#endif
