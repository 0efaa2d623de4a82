/* cache.c: counts the 64-byte lines that pass between the second level of cache and what is behind it: load misses,
 * store misses, and dirty lines written back. LRU, write-allocate, write-back, physically indexed. Compiled without
 * vector registers, which belong to the program that is looked at; neither counters nor calls are put into these
 * functions. */
#include "cache.h"

#include <stddef.h>
#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))
/* Keeps the compiler from making a call of memmove, whose accesses are looked at, out of a loop. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

enum { LINE_BITS = 6, PAGE_BITS = 12, LINES_OF_PAGE = 1 << (PAGE_BITS - LINE_BITS), DIRTY = 1 };

/* A tag is (line + 1) * 2, and DIRTY: 0 is an empty way. The ways of a set stand in the order of their last use. */
typedef struct {
  uint64_t *tags, ways, set_mask;
} level;

typedef struct {
  uint64_t page, number; /* page + 1: 0 is free */
} numbered;

static struct {
  int phase, is_whole;
  level l1, l2;
  numbered *numbers;
  uint64_t number_mask, pages, most_pages, anchor, static_end;
  uint64_t *lines, last, last_is_dirty;
} cache;

/* Whether the line was there, in the set that `place` says. `evicted`: the tag of what had to go, or 0. */
INLINE int touch(const level *c, uint64_t line, uint64_t place, uint64_t dirty, uint64_t *evicted) {
  uint64_t *set = c->tags + (place & c->set_mask) * c->ways, want = (line + 1) << 1, way = 0;
  *evicted = 0;
  if ((set[0] & ~(uint64_t)DIRTY) == want) {
    set[0] |= dirty;
    return 1;
  }
  while (way < c->ways && (set[way] & ~(uint64_t)DIRTY) != want) way++;
  int hit = way < c->ways;
  if (!hit) way = c->ways - 1;
  uint64_t found = set[way];
  for (; way > 0; way--) {
    set[way] = set[way - 1];
    KEEP_LOOP();
  }
  set[0] = hit ? found | dirty : want | dirty;
  if (!hit) *evicted = found;
  return hit;
}

/* Static data lie so far from everything else, relative to the anchor. */
static const uint64_t STATIC_DATA = UINT64_C(1) << 60;

/* Pages of buffers get numbers in the order in which they are first touched, wherever libc and the kernel put them. */
INLINE uint64_t number_of(uint64_t page) {
  if (page >> 44) return page;
  uint64_t slot = (page * 0x9E3779B97F4A7C15u) >> 32;
  for (;; slot++) {
    numbered *n = &cache.numbers[slot & cache.number_mask];
    if (n->page == page + 1) return n->number;
    if (n->page) continue;
    if (cache.pages == cache.most_pages) {
      cache.is_whole = 0;
      return 0;
    }
    *n = (numbered){page + 1, cache.pages++};
    return n->number;
  }
}

/* An operating system gives pages any frames, and with few sets to a page chance decides what fits. Each line is placed
 * as if its page had a frame of its own: the mean over all that may happen, without the chance. */
INLINE uint64_t scattered(uint64_t line) {
  uint64_t x = (line + 1) * 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 29) * 0xBF58476D1CE4E5B9u;
  x ^= x >> 32;
  return (x & ~(uint64_t)(LINES_OF_PAGE - 1)) | (line & (LINES_OF_PAGE - 1));
}

INLINE void touch_line(uint64_t address_line, uint64_t is_store, uint64_t *count) {
  uint64_t line = number_of(address_line / LINES_OF_PAGE) * LINES_OF_PAGE | address_line % LINES_OF_PAGE;
  uint64_t from_l1, from_l2, moved = 0;
  if (touch(&cache.l1, line, line, is_store, &from_l1)) return;
  if (from_l1 & DIRTY) {
    uint64_t back = (from_l1 >> 1) - 1;
    touch(&cache.l2, back, scattered(back), DIRTY, &from_l2);
    moved += from_l2 & DIRTY;
  }
  moved += !touch(&cache.l2, line, scattered(line), 0, &from_l2);
  moved += from_l2 & DIRTY;
  if (cache.phase == CACHE_COUNT) *count += moved;
}

/* `access`: bytes of it (7 bits), whether it stores (1), its site (from bit 8 on). */
__attribute__((used)) void int8_gate_cache_simulate(uint64_t address, uint64_t access);
void int8_gate_cache_simulate(uint64_t address, uint64_t access) {
  if (cache.phase == CACHE_OFF) return;
  uint64_t bytes = access & 127, is_store = access >> 7 & 1;
  if (address < cache.static_end) address += STATIC_DATA - cache.anchor;
  for (uint64_t line = address >> LINE_BITS, end = (address + bytes - 1) >> LINE_BITS; line <= end; line++) {
    if (line == cache.last && is_store <= cache.last_is_dirty) continue;
    touch_line(line, is_store, &cache.lines[access >> 8]);
    cache.last = line;
    cache.last_is_dirty = is_store;
  }
}

/* What is called before an access: its address in x16, in x17 what simulate() calls `access`. Changes no register but
 * those two and x30, and no flag. */
__asm__(
    ".text\n"
    ".type int8_gate_cache_access, %function\n"
    "int8_gate_cache_access:\n"
    "  sub sp, sp, #160\n"
    "  stp x0, x1, [sp]\n"
    "  stp x2, x3, [sp, #16]\n"
    "  stp x4, x5, [sp, #32]\n"
    "  stp x6, x7, [sp, #48]\n"
    "  stp x8, x9, [sp, #64]\n"
    "  stp x10, x11, [sp, #80]\n"
    "  stp x12, x13, [sp, #96]\n"
    "  stp x14, x15, [sp, #112]\n"
    "  stp x18, x30, [sp, #128]\n"
    "  mrs x0, nzcv\n"
    "  str x0, [sp, #144]\n"
    "  mov x0, x16\n"
    "  mov x1, x17\n"
    "  bl int8_gate_cache_simulate\n"
    "  ldr x0, [sp, #144]\n"
    "  msr nzcv, x0\n"
    "  ldp x18, x30, [sp, #128]\n"
    "  ldp x14, x15, [sp, #112]\n"
    "  ldp x12, x13, [sp, #96]\n"
    "  ldp x10, x11, [sp, #80]\n"
    "  ldp x8, x9, [sp, #64]\n"
    "  ldp x6, x7, [sp, #48]\n"
    "  ldp x4, x5, [sp, #32]\n"
    "  ldp x2, x3, [sp, #16]\n"
    "  ldp x0, x1, [sp]\n"
    "  add sp, sp, #160\n"
    "  ret\n"
    ".size int8_gate_cache_access, . - int8_gate_cache_access\n");

static int make(level *c, int8_gate_cache_level of) {
  uint64_t sets = of.ways ? (of.bytes >> LINE_BITS) / of.ways : 0;
  if (!sets || (sets & (sets - 1)) || sets * of.ways << LINE_BITS != of.bytes) return 0;
  *c = (level){calloc(sets * of.ways, sizeof *c->tags), of.ways, sets - 1};
  return c->tags != NULL;
}

int int8_gate_cache_open(int8_gate_cache_level l1, int8_gate_cache_level l2, uint64_t pages, uint64_t *lines,
                         uint64_t anchor) {
  extern char _end[]; /* of static data, by the linker */
  uint64_t slots = 1024;
  while (slots < 2 * pages) slots *= 2;
  cache.numbers = calloc(slots, sizeof *cache.numbers);
  cache.number_mask = slots - 1;
  cache.most_pages = pages;
  cache.lines = lines;
  cache.anchor = anchor;
  cache.static_end = (uint64_t)(uintptr_t)_end;
  cache.last = ~(uint64_t)0;
  cache.is_whole = 1;
  return make(&cache.l1, l1) && make(&cache.l2, l2) && cache.numbers ? 0 : -1;
}

void int8_gate_cache_phase(int phase) { cache.phase = phase; }

int int8_gate_cache_is_whole(void) { return cache.is_whole; }
