/*
 * A wall clock that a test sets: put before the C library by LD_PRELOAD, it
 * adds the nanoseconds that stand in the file SETTABLE_CLOCK, a 64-bit integer
 * in this machine's order. Clocks that only count on stay as they are.
 *
 * Everything here may run inside a signal handler: HAProxy's watchdog looks at
 * a clock in one, and whatever takes a lock or memory there never comes back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000;
static volatile const int64_t *offset;

__attribute__((constructor)) static void map_offset(void) {
  const char *path = getenv("SETTABLE_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  int status = (int)syscall(SYS_clock_gettime, clock, out);
  int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (status != 0 || !is_wall || offset == NULL) return status;
  int64_t ns = out->tv_sec * SECOND + out->tv_nsec + *offset;
  out->tv_sec = ns / SECOND;
  out->tv_nsec = ns % SECOND;
  return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
