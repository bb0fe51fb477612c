#pragma once
#include <stdint.h>

// Allocations of the whole process so far: malloc, calloc, realloc and the aligned ones.
uint64_t allocation_count(void);
