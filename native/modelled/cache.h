/* cache.h: two levels of data cache, simulated beside a program that calls for every load and store. AArch64 only. */
#ifndef CACHE_H
#define CACHE_H

#include <stdint.h>

typedef struct {
  uint64_t bytes, ways;
} int8_gate_cache_level;

/* OFF: accesses are not looked at. WARM: they change the caches. COUNT: the lines that they move are counted, too. */
enum { CACHE_OFF, CACHE_WARM, CACHE_COUNT };

/* Empty caches with room for `pages` pages of 4 KiB; lines[k] counts for site k. Addresses of static data are taken
 * relative to `anchor`. 0, or -1 where such caches cannot be. */
int int8_gate_cache_open(int8_gate_cache_level l1, int8_gate_cache_level l2, uint64_t pages, uint64_t *lines,
                         uint64_t anchor);
void int8_gate_cache_phase(int phase);
/* Whether every page that was touched had room. */
int int8_gate_cache_is_whole(void);

#endif
