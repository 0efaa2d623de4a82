/* parent.h: ends the runner with the process that started it, even if that is killed during an inference. Linux only;
 * elsewhere the runner ends at the end of standard input, which it sees between commands. */
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
