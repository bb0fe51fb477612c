import Glibc

/// Lets other threads run: for loops that wait for them.
func yieldProcessor() { sched_yield() }
