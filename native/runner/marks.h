/* marks.h: start and end of counting, in a program instrumented by src/runtime/modelled/counters. Linked only into
 * instrumented programs (INSTRUMENTED). */
#ifndef MARKS_H
#define MARKS_H

#include <stdint.h>

#include "cache.h"

enum { NO_COUNTERS = 1 };

/* Addresses of the counters and of room for a copy, and how many there are; address of the counts of lines, and how
 * many; address of the build's constants, or 0. Written into the linked program; not zero here, so that the words
 * stand in the file. */
volatile uint64_t int8_gate_counters[6] = {NO_COUNTERS};

/* Both are left without counters themselves, and call nothing: volatile keeps compilers from making calls of the loops.
 */
void int8_gate_counting_begin(void);
void int8_gate_counting_end(void);

__attribute__((noinline)) void int8_gate_counting_begin(void) {
  volatile uint64_t *count = (volatile uint64_t *)(uintptr_t)int8_gate_counters[0];
  for (uint64_t i = 0, n = int8_gate_counters[2]; i < n; i++) count[i] = 0;
}

__attribute__((noinline)) void int8_gate_counting_end(void) {
  volatile uint64_t *count = (volatile uint64_t *)(uintptr_t)int8_gate_counters[0];
  volatile uint64_t *copy = (volatile uint64_t *)(uintptr_t)int8_gate_counters[1];
  for (uint64_t i = 0, n = int8_gate_counters[2]; i < n; i++) copy[i] = count[i];
}

/* Calls f(of) on a stack that ends at `top`. The kernel puts a process's own stack somewhere else every time. */
void int8_gate_on_stack(void *of, void (*f)(void *), void *top);
__asm__(
    ".text\n"
    ".type int8_gate_on_stack, %function\n"
    "int8_gate_on_stack:\n"
    "  stp x29, x30, [sp, #-16]!\n"
    "  mov x29, sp\n"
    "  mov sp, x2\n"
    "  blr x1\n"
    "  mov sp, x29\n"
    "  ldp x29, x30, [sp], #16\n"
    "  ret\n"
    ".size int8_gate_on_stack, . - int8_gate_on_stack\n");

#endif
