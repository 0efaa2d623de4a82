/* memory.c: memcpy, memmove, memset and memcmp of programs whose instructions are counted. libc's versions differ, and
 * dispatch on the processor, so that counts of the same build would differ. AArch64 only. */
#include <stddef.h>
#include <stdint.h>

/* Unaligned loads and stores of 16 and 8 bytes. */
typedef uint8_t block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef uint32_t half __attribute__((aligned(1), may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* Keeps the compiler from turning a loop into a call of the function it is in. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

/* Up to 64 bytes, all read before any is written. */
static inline __attribute__((always_inline)) void *move_few(unsigned char *d, const unsigned char *s, size_t n) {
  if (n > 32) {
    block a = *(const block *)s, b = *(const block *)(s + 16);
    block c = *(const block *)(s + n - 32), e = *(const block *)(s + n - 16);
    *(block *)d = a;
    *(block *)(d + 16) = b;
    *(block *)(d + n - 32) = c;
    *(block *)(d + n - 16) = e;
  } else if (n >= 16) {
    block a = *(const block *)s, b = *(const block *)(s + n - 16);
    *(block *)d = a;
    *(block *)(d + n - 16) = b;
  } else if (n >= 8) {
    word a = *(const word *)s, b = *(const word *)(s + n - 8);
    *(word *)d = a;
    *(word *)(d + n - 8) = b;
  } else if (n >= 4) {
    half a = *(const half *)s, b = *(const half *)(s + n - 4);
    *(half *)d = a;
    *(half *)(d + n - 4) = b;
  } else if (n > 0) {
    unsigned char a = s[0], b = s[n / 2], c = s[n - 1];
    d[0] = a;
    d[n / 2] = b;
    d[n - 1] = c;
  }
  return d;
}

/* Sixty-four bytes in registers. */
typedef struct {
  block a, b, c, d;
} line;

static inline __attribute__((always_inline)) line load(const unsigned char *from) {
  const block *p = (const block *)from;
  return (line){p[0], p[1], p[2], p[3]};
}

static inline __attribute__((always_inline)) void store(unsigned char *to, line l) {
  block *p = (block *)to;
  p[0] = l.a;
  p[1] = l.b;
  p[2] = l.c;
  p[3] = l.d;
}

/* The remainder is read before the loop writes, and written after it. */
static inline __attribute__((always_inline)) void *move(void *to, const void *from, size_t n) {
  unsigned char *d = to;
  const unsigned char *s = from;
  if (n <= 64) return move_few(d, s, n);
  if (n <= 128) {
    line first = load(s), last = load(s + n - 64);
    store(d, first);
    store(d + n - 64, last);
  } else if ((uintptr_t)d - (uintptr_t)s >= n) {
    line last = load(s + n - 64);
    for (size_t i = 0; i + 64 < n; i += 64) {
      store(d + i, load(s + i));
      KEEP_LOOP();
    }
    store(d + n - 64, last);
  } else {
    line first = load(s);
    for (size_t i = n; i > 64; i -= 64) {
      store(d + i - 64, load(s + i - 64));
      KEEP_LOOP();
    }
    store(d, first);
  }
  return to;
}

void *memmove(void *to, const void *from, size_t n) { return move(to, from, n); }
void *memcpy(void *restrict to, const void *restrict from, size_t n) { return move(to, from, n); }

void *memset(void *to, int value, size_t n) {
  unsigned char *d = to, byte = (unsigned char)value;
  if (n < 16) {
    for (size_t i = 0; i < n; i++) {
      d[i] = byte;
      KEEP_LOOP();
    }
    return to;
  }
  block v = {byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte, byte};
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    store(d + i, (line){v, v, v, v});
    KEEP_LOOP();
  }
  for (; i + 16 <= n; i += 16) {
    *(block *)(d + i) = v;
    KEEP_LOOP();
  }
  *(block *)(d + n - 16) = v;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *x = a, *y = b;
  for (size_t i = 0; i < n; i++) {
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    KEEP_LOOP();
  }
  return 0;
}
