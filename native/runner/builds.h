/* builds.h: the builds that the runner holds, their memory, and runs of them. */
#ifndef BUILDS_H
#define BUILDS_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "int8_gate.h"
#include "pool.h"

/* Where lines are counted buffers begin with a page, so that it does not matter where libc puts them. */
#ifdef INSTRUMENTED
enum { GUARD = 4096 };
#else
enum { GUARD = 64 };
#endif

/* A build with its memory. Every buffer is followed by guard bytes, so that a stray write is reported, not believed.
 * loaded: inputs of the samples that it is timed on; in: those of the sample in work; slowed: see slow in runner.c. */
typedef struct {
  const int8_gate_model *model;
  unsigned char *arena, **in, **out, ***loaded;
  uint64_t n_loaded, slowed;
} build;

static build *builds;
static size_t n_builds;

static _Noreturn void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("error ", stdout);
  vprintf(format, args);
  putchar('\n');
  fflush(stdout);
  exit(1);
}

/* AddressSanitizer sees stray reads of the guard bytes too. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static unsigned char *guarded(size_t bytes, size_t align) {
  if (align < GUARD) align = GUARD;
  if ((align & (align - 1)) || bytes > SIZE_MAX / 2)
    fail("a buffer of %zu bytes aligned to %zu is impossible", bytes, align);
  void *p = NULL;
  if (posix_memalign(&p, align, bytes + GUARD)) fail("out of memory (%zu bytes)", bytes);
  memset(p, 0, bytes);
  memset((unsigned char *)p + bytes, 0xA5, GUARD);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region((unsigned char *)p + bytes, GUARD);
#endif
  return p;
}

static void check_guard(const build *b, const unsigned char *p, size_t bytes, const char *what) {
#ifdef __SANITIZE_ADDRESS__
  return;
#endif
  for (size_t i = 0; i < GUARD; i++)
    if (p[bytes + i] != 0xA5) fail("%s wrote past the end of its %s", b->model->name, what);
}

static void init_model(build *b) {
  int code = b->model->init(b->arena);
  if (code) fail("init of %s returned %d", b->model->name, code);
}

static void check_code(const build *b, int code) {
  if (code == INT8_GATE_INDEX_OUT_OF_RANGE)
    fail("an index in the data of %s lies outside of its tensor", b->model->name);
  if (code == INT8_GATE_OTHER_VALUE)
    fail("an input of %s has another value than the one it was built for", b->model->name);
  if (code == INT8_GATE_ENDLESS_LOOP) fail("a loop of %s does not end", b->model->name);
  if (code) fail("run of %s returned %d", b->model->name, code);
}

static void run_model(build *b) {
  const int8_gate_model *m = b->model;
  const void *const *in = (const void *const *)b->in;
  void *const *out = (void *const *)b->out;
  int error = pool_grow(m->threads);
  if (error) fail("cannot start %d threads: %s", (int)m->threads, strerror(error));
  check_code(b, m->threads > 1 ? m->run_parallel(b->arena, in, out, pool_for, NULL) : m->run(b->arena, in, out));
}

static void run_on_one_thread(build *b) {
  check_code(b, b->model->run(b->arena, (const void *const *)b->in, (void *const *)b->out));
}

static unsigned char **input_buffers(const int8_gate_model *m) {
  unsigned char **in = (unsigned char **)guarded(((size_t)m->n_inputs + 1) * sizeof *in, GUARD);
  for (int i = 0; i < m->n_inputs; i++) in[i] = guarded(m->inputs[i].bytes, GUARD);
  return in;
}

/* The build of that index, with its memory allocated and initialised when it is first asked for. */
static build *open_build(uint64_t index) {
  if (index >= n_builds) fail("there is no build %" PRIu64, index);
  build *b = &builds[index];
  if (b->arena) return b;
  const int8_gate_model *m = b->model;
  b->arena = guarded(m->arena_bytes, m->arena_align);
  b->in = input_buffers(m);
  b->out = (unsigned char **)guarded(((size_t)m->n_outputs + 1) * sizeof *b->out, GUARD);
  for (int i = 0; i < m->n_outputs; i++) b->out[i] = guarded(m->outputs[i].bytes, GUARD);
  init_model(b);
  return b;
}

static void check_guards(const build *b) {
  const int8_gate_model *m = b->model;
  check_guard(b, b->arena, m->arena_bytes, "arena");
  for (int i = 0; i < m->n_inputs; i++) {
    check_guard(b, b->in[i], m->inputs[i].bytes, "input");
    for (uint64_t s = 0; s < b->n_loaded; s++) check_guard(b, b->loaded[s][i], m->inputs[i].bytes, "input");
  }
  for (int i = 0; i < m->n_outputs; i++) check_guard(b, b->out[i], m->outputs[i].bytes, "output");
}

#endif
