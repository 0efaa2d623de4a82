/* stopwatch.h: what runner.c needs to time builds: the clock, and what shows that the machine was disturbed. */
#ifndef STOPWATCH_H
#define STOPWATCH_H

#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "builds.h"

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <pthread/qos.h>
#endif

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Time that this thread had a core: while others have it, this clock stands still. */
static uint64_t thread_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Whether that clock tells microseconds: some kernels only count its ticks. */
static int thread_clock_is_fine(void) {
  uint64_t start = now_ns(), last = thread_ns();
  int steps = 0;
  while (now_ns() - start < 200000) {
    uint64_t next = thread_ns();
    if (next != last) steps++;
    last = next;
  }
  return steps > 20;
}

/* The clock that builds are timed by: this thread's, unless several threads work or it is too coarse. */
static uint64_t (*stopwatch)(void) = now_ns;

static void spin(uint64_t ns) {
  for (uint64_t start = stopwatch(); stopwatch() - start < ns;) continue;
}

/* A chain of dependent integer operations: the same cycles every time, so its time shows the clock being throttled. */
static uint64_t time_alu_loop(void) {
  uint64_t start = stopwatch(), x = start | 1;
  for (int i = 0; i < 100000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  volatile uint64_t sink = x;
  (void)sink;
  return stopwatch() - start;
}

/* More than caches hold, walked a piece at a time: each read is one of memory, as long as everyone's reads let it. */
enum { WALK_BYTES = 32 << 20, WALK_STEP = 1 << 20, WALK_LINE = 64 };

static struct {
  unsigned char *bytes;
  size_t at;
} walk;

static void open_memory_walk(void) {
  if (walk.bytes) return;
  walk.bytes = guarded(WALK_BYTES, WALK_LINE);
  memset(walk.bytes, 1, WALK_BYTES); /* pages of zeros may be one and the same */
}

static uint64_t time_memory_walk(void) {
  uint64_t start = stopwatch();
  unsigned sum = 0;
  for (size_t i = 0; i < WALK_STEP; i += WALK_LINE) sum += walk.bytes[walk.at + i];
  walk.at = (walk.at + WALK_STEP) % WALK_BYTES;
  volatile unsigned sink = sum;
  (void)sink;
  return stopwatch() - start;
}

static uint64_t involuntary_switches(void) {
  struct rusage u;
  return getrusage(RUSAGE_SELF, &u) ? 0 : (uint64_t)u.ru_nivcsw;
}

/* Keeps the process on the core it is on (Linux), or on the fast cores (macOS has no pinning). Best effort. */
static void stay_put(void) {
#if defined(__linux__)
  int cpu = sched_getcpu(); /* negative where the kernel cannot say */
  if (cpu < 0 || cpu >= CPU_SETSIZE) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
#elif defined(__APPLE__)
  pthread_set_qos_class_self_np(QOS_CLASS_USER_INTERACTIVE, 0);
#endif
}

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

#endif
