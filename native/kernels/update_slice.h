/* update_slice.h: where a part of a tensor begins that is only known at run time. ISA: portable C. */
#ifndef IG_UPDATE_SLICE_H
#define IG_UPDATE_SLICE_H

#include "arith.h"

/* Moved into [0, most]. */
IG_INLINE ptrdiff_t ig_start(int64_t start, ptrdiff_t most) {
  return start < 0 ? 0 : start > most ? most : (ptrdiff_t)start;
}

#endif
