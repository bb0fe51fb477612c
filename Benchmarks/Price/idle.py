"""Resident memory of a server for its idle streams, by the way in which they connect."""

import contextlib
import dataclasses
import resource
import time

import process
import pump

import peers  # pump.py finds it
import runs

SHOPS = 100
FIRST, LAST = 5_000, 18_000
# Of the server and of the generator: other than streams.
DESCRIPTORS_BESIDE_MAX = 200
# From the last connect to the look at what stays.
REST_SECONDS = 20
SETTLE_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Way:
    """How streams connect: so many at a time, and so many a second (0: as fast as they go)."""

    name: str
    opening: int
    pace: int = 0


ONE_AT_A_TIME = Way("one at a time", 1)
PACED = Way("2,500 a second", pump.OPENING_MAX, 2_500)
STORM = Way("as fast as they go", pump.OPENING_MAX)
WAYS = (ONE_AT_A_TIME, PACED, STORM)


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Resident bytes of a process: without a stream, at each of two counts, and after a rest; None is not measured."""

    empty: int
    at_first: int
    at_last: int
    rested: int = None
    first: int = FIRST
    last: int = LAST

    @property
    def each_of_first(self):
        return (self.at_first - self.empty) / self.first

    @property
    def each_further(self):
        return (self.at_last - self.at_first) / (self.last - self.first)

    @property
    def each_after_rest(self):
        return None if self.rested is None else (self.rested - self.empty) / self.last


@contextlib.contextmanager
def started(kind, streams, server_processor, load_processor, shops=SHOPS):
    """A fresh server that knows the users of so many streams, and the generator that opens them."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and streams + DESCRIPTORS_BESIDE_MAX > limit:
        raise peers.PeerError(f"{streams} streams need a higher limit of descriptors than {limit}")
    with kind(runs.SECRET, processors=server_processor, members=pump.members(streams, shops)) as server:
        with pump.Pump(server, streams, shops, load_processor) as load:
            yield server, load


def measure(kind, way, options, first=FIRST, last=LAST, rest_seconds=REST_SECONDS):
    """The sizes of a fresh server whose streams connect in this way."""
    with started(kind, last, options.server_processor, options.load_processor) as (server, load):
        pid = server.serving_pid()
        time.sleep(SETTLE_SECONDS)
        sizes = [process.resident_bytes(pid)]
        for count in (first, last - first):
            load.open(count, way.opening, way.pace)
            time.sleep(SETTLE_SECONDS)
            sizes.append(process.resident_bytes(pid))
        if rest_seconds:
            time.sleep(rest_seconds)
            sizes.append(process.resident_bytes(pid))
    return Sizes(*sizes, first=first, last=last)
