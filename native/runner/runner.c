/* runner.c: runs, times and counts compiled models. Linked statically with the archives of several builds and a
 * registry of them; reads one command a line from a file (its argument) or standard input, answers on standard output.
 *
 *   describe                              a "model", its "input"s and "output"s for every build
 *   run BUILD SAMPLES RESET IN.. OUT..    files hold the samples one after another; "done N" now and then, and for each
 *                                         sample "dims OUTPUT EXTENT.." of outputs whose extents change
 *   load BUILD SAMPLES IN..               samples for calibrate and count (the first) and time (all); zeros without it
 *   calibrate BUILD MIN_NS                "batch N": N inferences take at least MIN_NS
 *   time SEED ROUNDS BUILD:BATCH..        "clock thread" or "clock wall", two "pass" lines a round: see time_rounds
 *   instructions BUILD                    "instructions N" of a warm inference on one thread; 0 where none are counted
 *   slow BUILD PERMILLE                   for tests: from now on its batches take so much longer, by waiting
 *   count BUILD OUT BYTES WAYS BYTES WAYS one warm inference is counted, with first and second level of cache of that
 *                                         size; OUT holds the counters, then the lines moved (marks.h). INSTRUMENTED
 * programs
 *
 * Builds with parts run on as many threads, except in count.
 * Each command ends with "ok", or with "error TEXT" and exit status 1. File names may not contain blanks. */
#define _GNU_SOURCE /* sched_getcpu */
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builds.h"
#include "instructions.h"
#include "parent.h"
#include "stopwatch.h"
#ifdef INSTRUMENTED
#include "marks.h"
#endif

/* The generated registry: one function for each build, then NULL. */
extern const int8_gate_model *(*const int8_gate_registry[])(void);

enum { MAX_WORDS = 4096, MAX_SLOTS = 16, MAX_SAMPLES = 64 };

/* ---- files and words ---- */

static uint64_t number(const char *word) {
  char *end;
  errno = 0;
  unsigned long long n = strtoull(word, &end, 10);
  if (*word < '0' || *word > '9' || *end || errno) fail("'%s' is not a number", word);
  return n;
}

static FILE *open_input(const char *path, uint64_t samples, size_t bytes) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (!f || fstat(fileno(f), &st)) fail("cannot read %s: %s", path, strerror(errno));
  uint64_t size = (uint64_t)st.st_size;
  if (bytes ? size % bytes || size / bytes != samples : size != 0)
    fail("%s holds %" PRIu64 " bytes; %" PRIu64 " samples of %zu bytes are needed", path, size, samples, bytes);
  return f;
}

static void read_sample(FILE *f, unsigned char *to, size_t bytes, const char *path) {
  if (fread(to, 1, bytes, f) != bytes) fail("cannot read %s: it got shorter", path);
}

/* ---- commands ---- */

static void print_port(const char *kind, const int8_gate_tensor *t) {
  printf("%s %d %zu %s\n", kind, (int)t->dtype, t->bytes, t->name);
}

static void describe(void) {
  for (size_t i = 0; i < n_builds; i++) {
    const int8_gate_model *m = builds[i].model;
    printf("model %zu %zu %d %d %s\n", i, m->arena_bytes, (int)m->n_inputs, (int)m->n_outputs, m->name);
    for (int k = 0; k < m->n_inputs; k++) print_port("input", &m->inputs[k]);
    for (int k = 0; k < m->n_outputs; k++) print_port("output", &m->outputs[k]);
  }
}

/* Outputs of one shape, as the descriptor has it, need no words. */
static void print_dims(const build *b) {
  const int8_gate_model *m = b->model;
  for (int k = 0; m->output_dims && k < m->n_outputs; k++) {
    int32_t rank = m->outputs[k].rank, *dims = calloc((size_t)rank + 1, sizeof *dims);
    if (!dims) fail("out of memory");
    m->output_dims(b->arena, k, dims);
    printf("dims %d", k);
    for (int i = 0; i < rank; i++) printf(" %d", (int)dims[i]);
    putchar('\n');
    free(dims);
  }
}

static void run_samples(char **words, int n_words) {
  if (n_words < 4) fail("run BUILD SAMPLES RESET IN.. OUT..");
  build *b = open_build(number(words[1]));
  const int8_gate_model *m = b->model;
  uint64_t samples = number(words[2]), reset = number(words[3]), said = now_ns();
  int n_in = m->n_inputs, n_files = n_in + m->n_outputs;
  char **paths = words + 4;
  if (n_words - 4 != n_files) fail("%s needs %d files, not %d", m->name, n_files, n_words - 4);
  FILE **files = calloc((size_t)n_files + 1, sizeof *files);
  if (!files) fail("out of memory");
  for (int i = 0; i < n_files; i++) {
    files[i] = i < n_in ? open_input(paths[i], samples, m->inputs[i].bytes) : fopen(paths[i], "wb");
    if (!files[i]) fail("cannot write %s: %s", paths[i], strerror(errno));
  }
  init_model(b);
  for (uint64_t s = 0; s < samples; s++) {
    if (reset && s) init_model(b);
    for (int i = 0; i < n_in; i++) read_sample(files[i], b->in[i], m->inputs[i].bytes, paths[i]);
    run_model(b);
    check_guards(b);
    print_dims(b);
    for (int i = n_in; i < n_files; i++) {
      size_t bytes = m->outputs[i - n_in].bytes;
      if (fwrite(b->out[i - n_in], 1, bytes, files[i]) != bytes) fail("cannot write %s: %s", paths[i], strerror(errno));
    }
    if (now_ns() - said > 100000000) {
      printf("done %" PRIu64 "\n", s + 1);
      fflush(stdout);
      said = now_ns();
    }
  }
  for (int i = 0; i < n_files; i++)
    if (fclose(files[i]) && i >= n_in) fail("cannot write %s: %s", paths[i], strerror(errno));
  free(files);
}

static void load(char **words, int n_words) {
  if (n_words < 3) fail("load BUILD SAMPLES IN..");
  build *b = open_build(number(words[1]));
  const int8_gate_model *m = b->model;
  uint64_t samples = number(words[2]);
  if (n_words - 3 != m->n_inputs) fail("%s has %d inputs, not %d", m->name, (int)m->n_inputs, n_words - 3);
  if (samples < 1 || samples > MAX_SAMPLES || b->loaded) fail("load takes 1 to %d samples, once", MAX_SAMPLES);
  b->loaded = calloc(samples, sizeof *b->loaded);
  if (!b->loaded) fail("out of memory");
  for (; b->n_loaded < samples; b->n_loaded++) b->loaded[b->n_loaded] = input_buffers(m);
  for (int i = 0; i < m->n_inputs; i++) {
    FILE *f = open_input(words[3 + i], samples, m->inputs[i].bytes);
    for (uint64_t s = 0; s < samples; s++) read_sample(f, b->loaded[s][i], m->inputs[i].bytes, words[3 + i]);
    fclose(f);
  }
  b->in = b->loaded[0];
}

static uint64_t time_batch(build *b, uint64_t batch) {
  uint64_t start = stopwatch();
  for (uint64_t i = 0; i < batch; i++) run_model(b);
  if (b->slowed) spin((stopwatch() - start) * b->slowed / 1000);
  return stopwatch() - start;
}

static void calibrate(char **words, int n_words) {
  if (n_words != 3) fail("calibrate BUILD MIN_NS");
  build *b = open_build(number(words[1]));
  uint64_t min_ns = number(words[2]), batch = 1;
  run_model(b);
  check_guards(b);
  /* The faster of two: one that was interrupted would end the search too early. */
  while (batch < UINT64_C(1) << 32) {
    uint64_t once = time_batch(b, batch), again = time_batch(b, batch);
    if (once >= min_ns && again >= min_ns) break;
    batch *= 2;
  }
  printf("batch %" PRIu64 "\n", batch);
}

/* Times every slot once, in that order or in its reverse. "pass SAMPLE ALU_NS MEMORY_NS", then for each slot
 * nanoseconds and switches. */
static void time_pass(uint64_t sample, int n, build **slot, const uint64_t *batch, const int *order, int reverse) {
  struct {
    uint64_t ns, switches;
  } times[MAX_SLOTS];
  uint64_t alu = time_alu_loop(), memory = time_memory_walk();
  for (int i = 0; i < n; i++) {
    int o = order[reverse ? n - 1 - i : i];
    build *b = slot[o];
    if (b->n_loaded) b->in = b->loaded[sample % b->n_loaded];
    uint64_t before = involuntary_switches();
    times[o].ns = time_batch(b, batch[o]);
    times[o].switches = involuntary_switches() - before;
  }
  printf("pass %" PRIu64 " %" PRIu64 " %" PRIu64, sample, alu, memory);
  for (int i = 0; i < n; i++) printf(" %" PRIu64 " %" PRIu64, times[i].ns, times[i].switches);
  putchar('\n');
}

/* In each round every slot runs once in a random order and then once in the reverse order (ABBA for two slots), so that
 * a drift of the machine cancels; all slots on the same sample, the next round on the next one. */
static void time_rounds(char **words, int n_words) {
  int n = n_words - 3, threads = 1, order[MAX_SLOTS];
  if (n < 1 || n > MAX_SLOTS) fail("time SEED ROUNDS BUILD:BATCH..");
  uint64_t seed = number(words[1]), rounds = number(words[2]), batch[MAX_SLOTS], samples = 1, said = now_ns();
  build *slot[MAX_SLOTS];
  for (int i = 0; i < n; i++) {
    char *colon = strchr(words[3 + i], ':');
    if (!colon) fail("'%s' is not BUILD:BATCH", words[3 + i]);
    *colon = 0;
    slot[i] = open_build(number(words[3 + i]));
    if (slot[i]->model->threads > threads) threads = slot[i]->model->threads;
    if (slot[i]->n_loaded > samples) samples = slot[i]->n_loaded;
    batch[i] = number(colon + 1);
    order[i] = i;
  }
  open_memory_walk();
  if (threads == 1) stay_put();
  int alone = threads == 1 && thread_clock_is_fine();
  stopwatch = alone ? thread_ns : now_ns;
  puts(alone ? "clock thread" : "clock wall");
  for (uint64_t r = 0; r < rounds; r++) {
    for (int i = n - 1; i > 0; i--) {
      int j = (int)(next_random(&seed) % (uint64_t)(i + 1)), o = order[i];
      order[i] = order[j];
      order[j] = o;
    }
    for (int reverse = 0; reverse < 2; reverse++) time_pass(r % samples, n, slot, batch, order, reverse);
    /* Rarely: whoever reads the lines works beside what is timed. */
    if (now_ns() - said > UINT64_C(2000000000)) {
      fflush(stdout);
      said = now_ns();
    }
  }
  for (int i = 0; i < n; i++) check_guards(slot[i]);
}

static void instructions(char **words, int n_words) {
  if (n_words != 2) fail("instructions BUILD");
  build *b = open_build(number(words[1]));
  run_on_one_thread(b);
  int counter = open_instruction_counter();
  run_on_one_thread(b);
  printf("instructions %" PRIu64 "\n", close_instruction_counter(counter));
  check_guards(b);
}

static void slow(char **words, int n_words) {
  if (n_words != 3) fail("slow BUILD PERMILLE");
  open_build(number(words[1]))->slowed = number(words[2]);
}

#ifdef INSTRUMENTED
static void run_counted(void *of) {
  build *b = of;
  int8_gate_cache_phase(CACHE_WARM);
  run_on_one_thread(b);
  int8_gate_cache_phase(CACHE_COUNT);
  int8_gate_counting_begin();
  run_on_one_thread(b);
  int8_gate_counting_end();
  int8_gate_cache_phase(CACHE_OFF);
}

static void count(char **words, int n_words) {
  enum { STACK = 8 << 20, MOST_PAGES = 1 << 20 };
  if (n_words != 7) fail("count BUILD OUT BYTES WAYS BYTES WAYS");
  if (int8_gate_counters[0] == NO_COUNTERS) fail("this program has no counters");
  build *b = open_build(number(words[1]));
  const void *copy = (const void *)(uintptr_t)int8_gate_counters[1];
  uint64_t *lines = (uint64_t *)(uintptr_t)int8_gate_counters[3];
  size_t n = (size_t)int8_gate_counters[2], n_lines = (size_t)int8_gate_counters[4];
  int8_gate_cache_level l1 = {number(words[3]), number(words[4])}, l2 = {number(words[5]), number(words[6])};
  if (int8_gate_cache_open(l1, l2, MOST_PAGES, lines, int8_gate_counters[5]))
    fail("there can be no caches of %s bytes, %s ways and %s bytes, %s ways", words[3], words[4], words[5], words[6]);
  int8_gate_on_stack(b, run_counted, guarded(STACK, GUARD) + STACK);
  if (!int8_gate_cache_is_whole()) fail("an inference touches more than 4 GiB");
  check_guards(b);
  FILE *f = fopen(words[2], "wb");
  int whole = f && fwrite(copy, sizeof(uint64_t), n, f) == n && fwrite(lines, sizeof(uint64_t), n_lines, f) == n_lines;
  if (!f || fclose(f) || !whole) fail("cannot write %s: %s", words[2], strerror(errno));
}
#endif

static void obey(char **words, int n) {
  if (!strcmp(words[0], "describe")) describe();
  else if (!strcmp(words[0], "run")) run_samples(words, n);
  else if (!strcmp(words[0], "load")) load(words, n);
  else if (!strcmp(words[0], "calibrate")) calibrate(words, n);
  else if (!strcmp(words[0], "time")) time_rounds(words, n);
  else if (!strcmp(words[0], "instructions")) instructions(words, n);
  else if (!strcmp(words[0], "slow")) slow(words, n);
#ifdef INSTRUMENTED
  else if (!strcmp(words[0], "count")) count(words, n);
#endif
  else fail("unknown command %s", words[0]);
  puts("ok");
  fflush(stdout);
}

int main(int argc, char **argv) {
  end_with_parent();
  setvbuf(stdout, NULL, _IOFBF, 1 << 18);
  FILE *script = argc > 1 ? fopen(argv[1], "r") : stdin;
  if (!script) fail("cannot read %s: %s", argv[1], strerror(errno));
  while (int8_gate_registry[n_builds]) n_builds++;
  builds = (build *)guarded((n_builds + 1) * sizeof *builds, GUARD);
  for (size_t i = 0; i < n_builds; i++) {
    builds[i].model = int8_gate_registry[i]();
    if (builds[i].model->abi != 1) fail("build %zu has abi %u, this runner knows 1", i, (unsigned)builds[i].model->abi);
  }
  char *line = NULL, *save, *words[MAX_WORDS];
  size_t capacity = 0;
  while (getline(&line, &capacity, script) >= 0) {
    int n = 0;
    for (char *w = strtok_r(line, " \t\r\n", &save); w; w = strtok_r(NULL, " \t\r\n", &save)) {
      if (n == MAX_WORDS) fail("too many words in one command");
      words[n++] = w;
    }
    if (n) obey(words, n);
  }
  free(line);
  return 0;
}
