"""Processors that do not go idle."""

import contextlib
import subprocess


@contextlib.contextmanager
def kept_awake(processors, seconds_max):
    """Keeps processors busy with a loop that the kernel runs only when nothing else wants them (SCHED_IDLE). They find
    their caches and clocks as they left them, where an idle one may have lost them. `with` yields the loops, which end
    by themselves after that many seconds of their processor."""
    with contextlib.ExitStack() as stack:
        loops = []
        for processor in processors:
            loop = subprocess.Popen(
                [
                    "taskset", "--cpu-list", processor, "chrt", "--idle", "0",
                    "sh", "-c", f"ulimit -t {seconds_max}; while :; do :; done",
                ]
            )  # fmt: skip
            stack.callback(loop.wait)
            stack.callback(loop.kill)
            loops.append(loop)
        yield loops
