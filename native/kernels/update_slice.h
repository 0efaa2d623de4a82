/* update_slice.h: start of a slice that is known only at run time. ISA: portable C. */
#ifndef IG_UPDATE_SLICE_H
#define IG_UPDATE_SLICE_H

#include "arith.h"

/* Clamped to [0, most]. */
IG_INLINE ptrdiff_t ig_start(int64_t start, ptrdiff_t most) {
  return start < 0 ? 0 : start > most ? most : (ptrdiff_t)start;
}

#endif
