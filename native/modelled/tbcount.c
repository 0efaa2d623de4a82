/* tbcount.c: a QEMU plugin (user mode, aarch64) that counts how often each translation block runs inside marked regions.
 *
 *   cc -O2 -fPIC -shared -o tbcount.so tbcount.c
 *   qemu-aarch64 -plugin ./tbcount.so,out=counts.txt PROGRAM
 *
 * Region k (0..7) begins at the instruction "hint #96+2k" and ends at "hint #97+2k"; those hints are unallocated, so they
 * are NOPs on every core. Each must stand in a function of its own: the function's return ends the translation block, so
 * that a region is exact to the few instructions of the two functions.
 *
 * Output: one line for each block that ran in a region, ordered by region, address and length:
 *   REGION ADDRESS COUNT CODE      decimal, hexadecimal, decimal, the block's bytes in hexadecimal
 * and then "end": without it the text was cut off.
 *
 * The part of QEMU's plugin interface that is used is declared here, as docs/devel/tcg-plugins documents it, so that no
 * QEMU header is needed and one file serves interface versions 1 to 6 (QEMU 6 to 10). */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- QEMU's plugin interface ---- */

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct {
  const char *target_name;
  struct {
    int min, cur;
  } version;
  bool system_emulation; /* more follows */
} qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*udata_callback)(unsigned vcpu, void *data);
typedef void (*tb_callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exit_callback)(qemu_plugin_id_t id, void *data);
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_callback call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, udata_callback call, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, udata_callback call, int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_callback call, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
/* Since version 3 it copies the instruction into `to`; before, it takes no buffer and returns a pointer to it. */
uintptr_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t bytes);
/* Exists since version 2; its presence tells which version to ask for. */
__attribute__((weak)) void *qemu_plugin_scoreboard_new(size_t element_bytes);

EXPORT int qemu_plugin_version = 1;
static __attribute__((constructor)) void choose_version(void) {
  if (qemu_plugin_scoreboard_new) qemu_plugin_version = 2;
}

/* ---- blocks ---- */

enum { REGIONS = 8, OUTSIDE = REGIONS, BUCKETS = 1 << 14 };
#define HINT UINT32_C(0xD503201F) /* hint #0; the number stands in bits 5 to 11 */
#define HINT_MASK UINT32_C(0xFFFFF01F)
#define FIRST_MARK 96

typedef struct block {
  struct block *next; /* in its bucket */
  uint64_t address, count[REGIONS + 1];
  size_t n_insns;
  uint32_t code[]; /* in the emulated machine's (little-endian) byte order */
} block;

static block *buckets[BUCKETS], **blocks;
static size_t n_blocks, capacity;
static unsigned region = OUTSIDE;
static int version;
static FILE *out;

static void *need(void *p) {
  if (p) return p;
  fputs("tbcount: out of memory\n", stderr);
  exit(1);
}

/* A block that QEMU translates again keeps its counter; another length or other code at its address is another block. */
static block *intern(block *fresh) {
  size_t bucket = (size_t)((fresh->address >> 2) * 2654435761u >> 7) % BUCKETS;
  for (block *b = buckets[bucket]; b; b = b->next) {
    if (b->address != fresh->address || b->n_insns != fresh->n_insns) continue;
    if (memcmp(b->code, fresh->code, b->n_insns * sizeof *b->code)) continue;
    free(fresh);
    return b;
  }
  fresh->next = buckets[bucket];
  buckets[bucket] = fresh;
  if (n_blocks == capacity) {
    capacity = capacity ? 2 * capacity : 1024;
    blocks = need(realloc(blocks, capacity * sizeof *blocks));
  }
  return blocks[n_blocks++] = fresh;
}

/* ---- callbacks ---- */

static void on_block(unsigned vcpu, void *data) {
  (void)vcpu;
  ((block *)data)->count[region]++;
}

static void on_mark(unsigned vcpu, void *data) {
  uintptr_t mark = (uintptr_t)data;
  (void)vcpu;
  region = mark % 2 ? OUTSIDE : (unsigned)(mark / 2);
}

static uint32_t code_of(const struct qemu_plugin_insn *insn) {
  uint8_t bytes[4] = {0};
  uintptr_t old = qemu_plugin_insn_data(insn, bytes, sizeof bytes);
  if (version < 3) memcpy(bytes, (const void *)old, sizeof bytes);
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  size_t n = qemu_plugin_tb_n_insns(tb);
  block *b = need(calloc(1, sizeof *b + n * sizeof *b->code));
  (void)id;
  b->address = qemu_plugin_tb_vaddr(tb);
  b->n_insns = n;
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    uint32_t code = b->code[i] = code_of(insn), mark = (code >> 5 & 127) - FIRST_MARK;
    if ((code & HINT_MASK) == HINT && mark < 2 * REGIONS)
      qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)mark);
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, intern(b));
}

static int by_address(const void *a, const void *b) {
  const block *x = *(block *const *)a, *y = *(block *const *)b;
  if (x->address != y->address) return x->address < y->address ? -1 : 1;
  return (x->n_insns > y->n_insns) - (x->n_insns < y->n_insns);
}

static void on_exit_of_program(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  if (n_blocks) qsort(blocks, n_blocks, sizeof *blocks, by_address);
  for (unsigned r = 0; r < REGIONS; r++) {
    for (size_t i = 0; i < n_blocks; i++) {
      const block *b = blocks[i];
      if (!b->count[r]) continue;
      fprintf(out, "%u %" PRIx64 " %" PRIu64 " ", r, b->address, b->count[r]);
      for (size_t k = 0; k < b->n_insns; k++)
        for (int shift = 0; shift < 32; shift += 8) fprintf(out, "%02x", (unsigned)(b->code[k] >> shift & 255));
      putc('\n', out);
    }
  }
  fputs("end\n", out);
  if (fclose(out)) perror("tbcount: cannot write the counts");
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  version = info->version.cur;
  if (strcmp(info->target_name, "aarch64") || info->system_emulation) {
    fputs("tbcount: needs qemu-aarch64, user mode\n", stderr);
    return 1;
  }
  if (argc != 1 || strncmp(argv[0], "out=", 4)) {
    fputs("tbcount: usage: -plugin tbcount.so,out=FILE\n", stderr);
    return 1;
  }
  out = fopen(argv[0] + 4, "w");
  if (!out) {
    perror("tbcount: cannot write the counts");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_program, NULL);
  return 0;
}
