"""What a run takes of the machine, from outside: memory of both processes and of the kernel, CPU time, the server's
own counters. Ends the run when memory runs short."""

import dataclasses
import pathlib
import re
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Price"))
import process  # noqa: E402

SAMPLE_SECONDS = 1
# The server's counters, and the exact resident memory, are read in every so many samples: reading them takes time of
# the machine.
SAMPLES_PER_READING = 5
# With less available, the run ends: the kernel would end any process.
AVAILABLE_BYTES_MIN = 2 << 30
PAGE_BYTES = 4_096
# A masked pong without a payload. The streams send nothing else.
PONG_BYTES = 6


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes of the whole machine."""

    available: int
    # All slab caches, and those of them that the kernel cannot drop.
    slab: int
    slab_unreclaimable: int
    # Pages that sockets hold for data that is not sent or not read.
    socket_buffers: int

    def minus(self, other):
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other))
        return Memory(*(own - others for own, others in pairs))


@dataclasses.dataclass(frozen=True)
class Sample:
    """One look: seconds of Unix time, CPU seconds of each process and of the whole machine so far, resident bytes of
    each process."""

    time: float
    server_seconds: float
    generator_seconds: float
    machine_seconds: float
    server_resident: int
    generator_resident: int
    memory: Memory


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the server counts: its open streams, and the pongs that it has received."""

    time: float
    streams: int
    pongs: float


def memory_of(meminfo, sockstat):
    """The memory that `/proc/meminfo` and `/proc/net/sockstat` show."""

    def kilobytes(name):
        return int(re.search(rf"^{name}:\s+(\d+) kB", meminfo, re.MULTILINE).group(1)) * 1024

    pages = int(re.search(r"^TCP:.* mem (\d+)", sockstat, re.MULTILINE).group(1))
    return Memory(kilobytes("MemAvailable"), kilobytes("Slab"), kilobytes("SUnreclaim"), pages * PAGE_BYTES)


def memory():
    return memory_of(pathlib.Path("/proc/meminfo").read_text(), pathlib.Path("/proc/net/sockstat").read_text())


def resident_bytes(pid):
    """Resident memory, counted page by page: the faster figure of `/proc/PID/status` misses some pages of each
    thread."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) * 1024


def reading_of(metrics, now):
    """The counters in the text of `/metrics`."""

    def value(name):
        found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
        return float(found.group(1)) if found else 0

    return Reading(
        now, int(value("websocket_connections_total")), value("websocket_received_bytes_total") / PONG_BYTES
    )


class Watch(process.Watch):
    """Samples the server's process, the generator's, and the machine.

    `shortage` becomes a text, once, when the memory that is available falls below the minimum; `end` is then called.
    """

    def __init__(self, server, generator_pid, end):
        super().__init__()
        self.server, self.pid, self.generator_pid = server, server.serving_pid(), generator_pid
        self.end = end
        self.samples, self.readings = [], []
        self.shortage = None

    def _watch(self):
        count, residents = 0, (0, 0)
        while True:
            try:
                if count % SAMPLES_PER_READING == 0:
                    residents = (resident_bytes(self.pid), resident_bytes(self.generator_pid))
                    self._read_metrics()
                self.samples.append(self._sample(residents))
            except (OSError, AttributeError):
                return  # one of the two has ended
            self.judge(self.samples[-1])
            count += 1
            if self.ended.wait(SAMPLE_SECONDS):
                return

    def judge(self, sample):
        """Ends the run when the sample shows a shortage of memory."""
        available = sample.memory.available
        if self.shortage is None and available < AVAILABLE_BYTES_MIN:
            self.shortage = f"only {available >> 20:,} MiB of memory were available: the run was ended"
            self.end()

    def _sample(self, residents):
        return Sample(
            time.time(), process.processor_seconds(self.pid), process.processor_seconds(self.generator_pid),
            process.busy_seconds(pathlib.Path("/proc/stat").read_text()), *residents, memory(),
        )  # fmt: skip

    def _read_metrics(self):
        try:
            with urllib.request.urlopen(self.server.url("/metrics"), timeout=10) as answer:
                self.readings.append(reading_of(answer.read().decode(), time.time()))
        except (urllib.error.URLError, OSError):
            pass  # a busy server; the next reading will do
