/* lstm_integer.h: LSTM over a sequence, int8 with an int16 cell state. ISA: portable C written to vectorise.
 * Arithmetic: TFLite LstmStepInteger8x8_16. The biases hold the corrections for zero points. */
#ifndef IG_LSTM_INTEGER_H
#define IG_LSTM_INTEGER_H

#include "fixed16.h"
#include "normalize.h"
#include "recurrent.h"

typedef struct {
  int32_t m;
  int shift;
} ig_lstm_scale;

typedef struct {
  const int8_t *weights, *recurrent; /* weights NULL: no such gate */
  const int32_t *bias, *recurrent_bias;
  const int16_t *peephole, *norm; /* NULL: none */
  const int32_t *norm_bias;
  int32_t least_variance;
  ig_lstm_scale by, recurrent_by, peephole_by, norm_by;
} ig_lstm_gate_s8;

typedef struct {
  ig_sequence steps;
  int32_t inputs, cells, outputs;
  int cell_bits; /* integer bits of the cell state */
  int32_t cell_clip, projection_clip, hidden_zero, state_zero, peephole_reach, peephole_period;
  ig_lstm_gate_s8 input, forget, cell, output;
  const int8_t *projection; /* NULL: none */
  const int32_t *projection_bias;
  ig_lstm_scale hidden_by, projection_by;
} ig_lstm_s8;

IG_INLINE int32_t ig_lstm_scaled(int32_t x, ig_lstm_scale by) { return ig_requant_s32_tflite(x, by.m, by.shift); }

/* Normalized values in Q3.12. */
IG_INLINE void ig_lstm_normalize_s16(int16_t *x, int32_t n, const ig_lstm_gate_s8 *g) {
  int64_t sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) {
    sum += x[i];
    squares += x[i] * x[i];
  }
  const int32_t mean = (int32_t)(sum * 1024 / n);
  const int32_t variance = (int32_t)((squares * ((1 << 20) / n) - (int64_t)mean * mean) / (1 << 20));
  int right;
  const int32_t inverse = ig_inverse_sqrt(variance < 1 ? g->least_variance : variance, &right);
  for (int32_t i = 0; i < n; i++) {
    const int32_t rescaled = ig_requant_s32_tflite(1024 * x[i] - mean, inverse, -right);
    const int64_t weighted = (int32_t)(rescaled * g->norm[i] + g->norm_bias[i]);
    const int32_t rounded = (int32_t)((weighted > 0 ? weighted + 512 : weighted - 512) / 1024);
    x[i] = (int16_t)ig_clamp16(ig_requant_s32_tflite(rounded, g->norm_by.m, g->norm_by.shift + 12));
  }
}

/* first: index of the batch entry's first cell within the step. sums: scratch, 2 * cells. */
IG_INLINE void ig_lstm_gate_run_s8(const ig_lstm_s8 *p, const ig_lstm_gate_s8 *g, int is_cell, const int8_t *x,
                                   const int8_t *h, const int16_t *c, int32_t first, int32_t *restrict sums,
                                   int16_t *restrict out) {
  int32_t *data = sums, *state = sums + p->cells;
  ig_gemv_s8(g->weights, p->cells, p->inputs, x, data);
  ig_gemv_s8(g->recurrent, p->cells, p->outputs, h, state);
  for (int32_t i = 0; i < p->cells; i++) {
    const int32_t from_data = ig_clamp16(ig_lstm_scaled(data[i] + g->bias[i], g->by));
    out[i] = (int16_t)ig_clamp16(ig_lstm_scaled(state[i] + g->recurrent_bias[i], g->recurrent_by) + from_data);
  }
  if (g->peephole)
    for (int32_t i = 0; i < p->cells && first + i < p->peephole_reach; i++) {
      const int32_t product = g->peephole[(first + i) % p->peephole_period] * c[i];
      out[i] = (int16_t)ig_clamp16(out[i] + ig_lstm_scaled(product, g->peephole_by));
    }
  if (g->norm) ig_lstm_normalize_s16(out, p->cells, g);
  if (is_cell) ig_tanh16_each(out, out, p->cells, 3);
  else ig_logistic16_each(out, out, p->cells);
}

IG_INLINE void ig_lstm_cell_s8(const ig_lstm_s8 *p, const int16_t *input, const int16_t *forget, const int16_t *update,
                               int16_t *restrict c) {
  for (int32_t i = 0; i < p->cells; i++) {
    const int16_t kept = (int16_t)ig_rdivpot(forget[i] * c[i], 15);
    const int16_t added = (int16_t)ig_rdivpot(input[i] * update[i], 15 + p->cell_bits);
    const int32_t sum = ig_clamp16(kept + added);
    c[i] = (int16_t)(p->cell_clip > 0 ? ig_clamp(sum, -p->cell_clip, p->cell_clip) : sum);
  }
}

/* scratch: 2 * max(cells, outputs) int32, then 4 * cells int16, then cells bytes */
IG_INLINE void ig_lstm_step_s8(const ig_lstm_s8 *p, const int8_t *x, int8_t *h, int16_t *c, int32_t first,
                               int32_t *sums) {
  const int32_t n = p->cells;
  int16_t *forget = (int16_t *)(sums + 2 * ig_max(n, p->outputs)), *input = forget + n, *update = input + n;
  int16_t *output = update + n;
  int8_t *hidden = p->projection ? (int8_t *)(output + n) : h;
  ig_lstm_gate_run_s8(p, &p->forget, 0, x, h, c, first, sums, forget);
  if (p->input.weights) ig_lstm_gate_run_s8(p, &p->input, 0, x, h, c, first, sums, input);
  else
    for (int32_t i = 0; i < n; i++) input[i] = (int16_t)(32767 - forget[i]);
  ig_lstm_gate_run_s8(p, &p->cell, 1, x, h, c, first, sums, update);
  ig_lstm_cell_s8(p, input, forget, update, c);
  ig_lstm_gate_run_s8(p, &p->output, 0, x, h, c, first, sums, output);
  ig_tanh16_each(c, update, n, p->cell_bits);
  for (int32_t i = 0; i < n; i++) {
    const int32_t product = output[i] * update[i];
    hidden[i] = (int8_t)ig_clamp(ig_lstm_scaled(product, p->hidden_by) + p->hidden_zero, -128, 127);
  }
  if (!p->projection) return;
  ig_gemv_s8(p->projection, p->outputs, n, hidden, sums);
  for (int32_t i = 0; i < p->outputs; i++) {
    const int32_t y =
        ig_clamp(ig_lstm_scaled(sums[i] + p->projection_bias[i], p->projection_by) + p->state_zero, -128, 127);
    h[i] = (int8_t)(p->projection_clip > 0 ? ig_clamp(y, -p->projection_clip, p->projection_clip) : y);
  }
}

IG_INLINE void ig_lstm_run_s8(const ig_lstm_s8 *p, const int8_t *in, int8_t *out, int8_t *hidden, int16_t *cell,
                              int32_t *scratch) {
  for (int32_t t = 0; t < p->steps.time; t++)
    for (int32_t b = 0; b < p->steps.batch; b++) {
      const size_t at = ig_row_at(&p->steps, t, b);
      int8_t *h = hidden + (size_t)b * p->outputs;
      const int32_t first = p->steps.time_major ? b * p->cells : 0;
      ig_lstm_step_s8(p, in + at * p->inputs, h, cell + (size_t)b * p->cells, first, scratch);
      memcpy(out + at * p->outputs, h, (size_t)p->outputs);
    }
}

#endif
