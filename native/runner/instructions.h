/* instructions.h: how many instructions this thread executes, where processor and system tell. Nothing depends on it.
 */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/perf_event.h>)
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>
#define HAS_PERF_EVENTS 1
#endif
#endif

#ifndef COUNTED /* tests count what any kernel counts */
#define COUNTED .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_INSTRUCTIONS
#endif

/* A counter that has begun, or a negative number: there is none in a virtual machine without a PMU, or the kernel
 * (perf_event_paranoid above 2), a container (seccomp) or an emulator refuses it. */
static int open_instruction_counter(void) {
#ifdef HAS_PERF_EVENTS
  struct perf_event_attr attr = {
      .size = sizeof attr,
      .exclude_kernel = 1,
      .exclude_hv = 1,
      .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
      COUNTED,
  };
  return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
#else
  return -1;
#endif
}

/* Instructions since then; 0 where the counter is none, or was lent to others for some of the time. */
static uint64_t close_instruction_counter(int counter) {
#ifdef HAS_PERF_EVENTS
  struct {
    uint64_t count, enabled, running;
  } read_out;
  if (counter < 0) return 0;
  int whole = read(counter, &read_out, sizeof read_out) == (ssize_t)sizeof read_out;
  close(counter);
  return whole && read_out.running == read_out.enabled ? read_out.count : 0;
#else
  (void)counter;
  return 0;
#endif
}

#endif
