/* spectrum.h: RFFT2D, REAL, IMAG and COMPLEX_ABS. ISA: portable C, in double.
 * Arithmetic: TFLite rfft2d.cc (the same products, added in another order), complex_support.cc. */
#ifndef IG_SPECTRUM_H
#define IG_SPECTRUM_H

#include <math.h>

#include "arith.h"

/* In-place FFT of n = 2^i complex numbers, `step` apart. table: cos and sin of -2 pi k / points. */
IG_INLINE void ig_fft(double *x, size_t step, size_t n, const double *table, size_t points) {
  for (size_t i = 1, j = 0; i < n; i++) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    double *a = x + 2 * i * step, *b = x + 2 * j * step;
    const double re = a[0], im = a[1];
    a[0] = b[0], a[1] = b[1], b[0] = re, b[1] = im;
  }
  for (size_t half = 1; half < n; half *= 2) {
    const size_t stride = points / (2 * half);
    for (size_t start = 0; start < n; start += 2 * half)
      for (size_t k = 0; k < half; k++) {
        const double c = table[2 * k * stride], s = table[2 * k * stride + 1];
        double *a = x + 2 * (start + k) * step, *b = a + 2 * half * step;
        const double p = b[0] * c - b[1] * s, q = b[0] * s + b[1] * c;
        b[0] = a[0] - p, b[1] = a[1] - q;
        a[0] += p, a[1] += q;
      }
  }
}

/* Images [in_h][in_w], cropped or zero-padded to [h][w], to [h][w / 2 + 1] complex numbers. Scratch, complex doubles:
 * row: w; half: one result. */
IG_INLINE void ig_rfft2d(const float *in, float *out, const double *table, double *row, double *half, size_t images,
                         size_t in_h, size_t in_w, size_t h, size_t w) {
  const size_t columns = w / 2 + 1, points = h > w ? h : w, rows = h < in_h ? h : in_h, taken = w < in_w ? w : in_w;
  for (size_t i = 0; i < images; i++, in += in_h * in_w, out += 2 * h * columns) {
    memset(half, 0, 2 * h * columns * sizeof *half);
    for (size_t y = 0; y < rows; y++) {
      memset(row, 0, 2 * w * sizeof *row);
      for (size_t x = 0; x < taken; x++) row[2 * x] = in[y * in_w + x];
      ig_fft(row, 1, w, table, points);
      memcpy(half + 2 * y * columns, row, 2 * columns * sizeof *row);
    }
    for (size_t x = 0; x < columns; x++) ig_fft(half + 2 * x, columns, h, table, points);
    for (size_t k = 0; k < 2 * h * columns; k++) out[k] = (float)half[k];
  }
}

IG_INLINE void ig_real(const float *in, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = in[2 * i];
}
IG_INLINE void ig_imag(const float *in, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = in[2 * i + 1];
}
/* hypot: infinite if either part is, even if the other is NaN. */
IG_INLINE void ig_complex_abs(const float *in, float *out, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const double re = in[2 * i], im = in[2 * i + 1];
    out[i] = isinf(re) || isinf(im) ? (float)INFINITY : (float)sqrt(re * re + im * im);
  }
}

#endif
