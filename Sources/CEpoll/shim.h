// What of epoll and of sockets Swift's Glibc module leaves out. Static inline functions only; no policy stands here.
#pragma once

// No header that CLiburing's shim or Glibc's module has too: which of the modules owns its names would depend on the
// order of imports.
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's timespec, of 64 bits on every architecture.
struct shim_timespec {
    long long seconds;
    long long nanoseconds;
};

// Waits for events; a negated errno when that failed. Without `timeout`, without limit.
// epoll_pwait2 came with Linux 5.11; before it, or where a profile forbids it, a wait ends at whole milliseconds.
static inline int shim_epoll_wait(int set, struct epoll_event *events, int capacity, struct shim_timespec *timeout) {
    int count;
#ifdef SYS_epoll_pwait2
    count = (int)syscall(SYS_epoll_pwait2, set, events, capacity, timeout, (void *)0, 8);
    if (count >= 0) return count;
    if (errno != ENOSYS && errno != EPERM) return -errno;
#endif
    int milliseconds = -1;
    if (timeout) {
        long long whole = timeout->seconds > 1000000 ? 1000000000 : timeout->seconds * 1000;
        milliseconds = (int)(whole + (timeout->nanoseconds + 999999) / 1000000);
    }
    count = epoll_wait(set, events, capacity, milliseconds);
    return count < 0 ? -errno : count;
}

// A connection of `listener`, with the `flags` of accept4; a negated errno when there is none.
static inline int shim_accept(int listener, int flags) {
    int descriptor = (int)syscall(SYS_accept4, listener, (void *)0, (void *)0, flags);
    return descriptor < 0 ? -errno : descriptor;
}
