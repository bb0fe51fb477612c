"""What a process has used, from outside."""

import os
import pathlib
import re
import resource
import threading
import time

SAMPLE_SECONDS = 0.05


def processor_seconds(pid):
    """CPU time of all threads of a process, in user and system mode: exact to nanoseconds, where `/proc/PID/stat`
    counts ticks of 10 ms."""
    # clock_getcpuclockid(3), which Python lacks.
    return time.clock_gettime((~pid << 3) | 2)


def resident_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


class OtherLoad:
    """The share of the machine that was used by processes other than this one and its children, which have ended by the
    end of `with`."""

    share = None

    def __enter__(self):
        self.start = self._now()
        return self

    def __exit__(self, *_):
        wall, busy, own = (end - start for start, end in zip(self.start, self._now()))
        self.share = min(max((busy - own) / (wall * os.cpu_count()), 0), 1)

    @staticmethod
    def _now():
        """Seconds of the clock, of all processors, and of this process and its children."""
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        return time.monotonic(), busy_seconds(pathlib.Path("/proc/stat").read_text()), own


def busy_seconds(stat):
    """Of all processors since the machine started. The first line: user, nice, system, idle, wait for I/O, …, in
    ticks."""
    ticks = [int(field) for field in stat.split("\n", 1)[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Runs `_watch` on a thread of its own, which returns when `ended` is set. `with` starts and ends it."""

    def __init__(self):
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class ProcessorWatch(Watch):
    """Samples the CPU time of a process while a load runs."""

    def __init__(self, pid):
        super().__init__()
        self.pid = pid
        self.samples = []

    def _watch(self):
        while not self.ended.wait(SAMPLE_SECONDS):
            try:
                self.samples.append((time.time(), processor_seconds(self.pid)))
            except OSError:
                return

    def share_between(self, start, end):
        """The processors used between two times of day; None when they are not within what was watched."""
        return share_between(self.samples, start, end)


def share_between(samples, start, end):
    """CPU seconds a second, of samples (time, CPU seconds so far) in the order of time."""
    if not samples or end <= start or samples[0][0] > start or samples[-1][0] < end:
        return None
    return (_at(samples, end) - _at(samples, start)) / (end - start)


def _at(samples, moment):
    """The CPU seconds at a time, on the line between the samples around it."""
    before = max(sample for sample in samples if sample[0] <= moment)
    after = min(sample for sample in samples if sample[0] >= moment)
    if after[0] == before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (moment - before[0]) / (after[0] - before[0])
