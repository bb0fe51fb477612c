// What of the C library's allocator Swift cannot reach: its Glibc module leaves <malloc.h> out.
#pragma once

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/// Returns to the kernel the whole pages of all arenas that no block is in. Other allocators do so by themselves, or
/// not at all.
static inline void shim_malloc_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
