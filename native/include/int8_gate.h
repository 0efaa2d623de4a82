/* int8_gate.h: the public face of a model compiled by int8-gate. Depends on nothing but the C standard headers. */
#ifndef INT8_GATE_H
#define INT8_GATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Element types, the values of `dtype` (TFLite's numbers for TensorType). */
enum {
  INT8_GATE_FLOAT32 = 0,
  INT8_GATE_FLOAT16 = 1,
  INT8_GATE_INT32 = 2,
  INT8_GATE_UINT8 = 3,
  INT8_GATE_INT64 = 4,
  INT8_GATE_BOOL = 6,
  INT8_GATE_INT16 = 7,
  INT8_GATE_COMPLEX64 = 8, /* two floats, the real part first */
  INT8_GATE_INT8 = 9,
  INT8_GATE_FLOAT64 = 10
};

/* An input or output; an output whose extents change from run to run has the largest ones here. `scale` is 0 where the
 * tensor is not quantized: real = scale * (q - zero_point). */
typedef struct {
  const char *name;
  int32_t dtype, rank;
  const int32_t *dims;
  size_t bytes;
  float scale;
  int32_t zero_point;
} int8_gate_tensor;

/* What `run` returns when it cannot finish; outputs are then undefined. */
enum {
  INT8_GATE_INDEX_OUT_OF_RANGE = 1, /* an index in the inputs, or computed from them, lies outside of its tensor */
  INT8_GATE_OTHER_VALUE = 2,        /* an input has another value than the one that the model was built for */
  INT8_GATE_ENDLESS_LOOP = 3        /* a loop of the model does not end */
};

/* How the parts of an operator are run: calls task(closure, i) once for each i from 0 to count - 1, in any order and on
 * any threads, and returns when all of these calls have. `context` is what run_parallel was given. */
typedef void (*int8_gate_parallel_for)(void *context, int32_t count, void (*task)(void *closure, int32_t index),
                                       void *closure);

/* A model. It allocates nothing and holds no globals that change: the caller brings the arena (arena_bytes, aligned to
 * arena_align), one for each thread that runs the model. */
typedef struct int8_gate_model {
  uint32_t abi; /* 1 */
  const char *name, *target, *profile;
  size_t arena_bytes, arena_align;
  int32_t n_inputs, n_outputs;
  const int8_gate_tensor *inputs, *outputs;
  /* Once before the first run, and to reset: what variables, LSTMs and the like keep between runs starts afresh. 0 or
   * an error code. */
  int (*init)(void *arena);
  int (*run)(void *arena, const void *const *inputs, void *const *outputs); /* 0 or an error code */
  /* The extents of an output after a run, `rank` of them; its elements are the first of its buffer. NULL where no
   * output's extents change from run to run. */
  void (*output_dims)(const void *arena, int32_t output, int32_t *dims);
  /* As run, with the heavy operators cut into parts for parallel_for to run; the results are the same bit for bit.
   * There are at most `threads` parts: what the model was built for. */
  int32_t threads;
  int (*run_parallel)(void *arena, const void *const *inputs, void *const *outputs, int8_gate_parallel_for parallel_for,
                      void *context);
} int8_gate_model;

#ifdef __cplusplus
}
#endif
#endif
