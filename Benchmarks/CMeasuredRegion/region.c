// Functions of their own in every build, so that a profiler can tell by their names when the measured region begins
// and ends.
#include "CMeasuredRegion.h"

__attribute__((noinline)) void measured_region_begin(void) { __asm__ volatile("" ::: "memory"); }

__attribute__((noinline)) void measured_region_end(void) { __asm__ volatile("" ::: "memory"); }
