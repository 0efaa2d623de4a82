/* parent.h: the runner ends with the process that started it, even where that is killed while an inference runs. The
 * end of standard input, which the runner sees between commands, is what other systems than Linux have. */
#ifndef PARENT_H
#define PARENT_H

#if defined(__linux__)
#include <signal.h>
#include <sys/prctl.h>
#endif

static void end_with_parent(void) {
#if defined(__linux__)
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

#endif
