/* marks.h: where a counted region begins and ends, for native/modelled/tbcount.c. */
#ifndef MARKS_H
#define MARKS_H

enum { REGIONS = 8 };

/* Unallocated hints: NOPs on every core, begin (96 + 2k) and end (97 + 2k) of region k to the plugin. Each stands in a
 * function of its own, whose return ends the translation block, so that a region is exact to a few instructions. */
#if defined(__aarch64__)
#define HINT(k) \
  case k: \
    __asm__ volatile("hint #%0" ::"i"(96 + (k)) : "memory"); \
    break;
#else
#define HINT(k) \
  case k: \
    break;
#endif
static __attribute__((noinline)) void mark_begin(unsigned region) {
  switch (2 * region) { HINT(0) HINT(2) HINT(4) HINT(6) HINT(8) HINT(10) HINT(12) HINT(14) }
}
static __attribute__((noinline)) void mark_end(unsigned region) {
  switch (2 * region + 1) { HINT(1) HINT(3) HINT(5) HINT(7) HINT(9) HINT(11) HINT(13) HINT(15) }
}

#endif
