"""The figures of a run: what `shopload` reports, and what the machine's samples add to it."""

import dataclasses
import math

import machine

import price  # machine.py finds it
import process

# Of a reactor: for streams on their way to the reactor that owns their shop, and for requests.
DESCRIPTORS_BESIDE_STREAMS = 192
REACTORS_MAX = 256
# The shops of a reactor are distributed like Poisson's: more than this above the mean is rarer than 1 in 10,000.
DEVIATIONS_MAX = 4
# Memory is read so long before the messages begin: after the storm's, and well before theirs.
REST_SECONDS = 10
# Of a stream, both ends together: more than it has taken in any run.
BYTES_A_STREAM_MAX = 12 << 10
# A stream sends one for each ping period of the hold, so two; less, as the times of the readings are not exact.
PONGS_A_STREAM_MIN = 1.9


class TooMany(Exception):
    """The machine cannot hold so many streams."""


def reactors_needed(streams, shops, descriptors, processors):
    """The reactors that a server needs. All streams of a shop are on one reactor, and hashing gives some reactors more
    shops than others."""
    streams_of_shop = math.ceil(streams / shops)
    shops_max = max(descriptors - DESCRIPTORS_BESIDE_STREAMS, 0) / streams_of_shop
    for count in range(processors, REACTORS_MAX + 1):
        mean = shops / count
        if count == 1 and mean <= shops_max or mean + DEVIATIONS_MAX * math.sqrt(mean) <= shops_max:
            return count
    raise TooMany(
        f"{shops:,} shops of {streams_of_shop:,} streams need more than {REACTORS_MAX} reactors of {descriptors:,} "
        "descriptors: raise `ulimit -n`, or take more and smaller shops"
    )


def check_memory(streams, available):
    """Raises TooMany when the streams would leave less than the minimum."""
    needed = streams * BYTES_A_STREAM_MAX + machine.AVAILABLE_BYTES_MIN
    if available < needed:
        raise TooMany(
            f"{streams:,} streams need {gib(needed)} of memory, both ends together; {gib(available)} are available"
        )


@dataclasses.dataclass(frozen=True)
class Phases:
    """Seconds of Unix time at which the parts of a run begin, and the end of the last."""

    connect: float
    hold: float
    post: float
    steady: float
    end: float


def phases_of(report, hold_seconds):
    parts, connect = report["scenario"]["phases"], price.wall_seconds(report["startedAt"])
    post = connect + parts["connectSeconds"]
    steady = post + parts["warmUpSeconds"]
    return Phases(connect, max(post - hold_seconds, connect), post, steady, steady + parts["steadySeconds"])


def cores(samples, field, start, end):
    """Processors that a process used between two times, as far as it was watched; None when it was not."""
    return share_between([(sample.time, getattr(sample, field)) for sample in samples], start, end)


def other_cores(samples, start, end):
    """Processors that neither the server nor the generator used; None when it was not watched."""
    fields = ("machine_seconds", "server_seconds", "generator_seconds")
    used = [cores(samples, field, start, end) for field in fields]
    return None if None in used else max(used[0] - used[1] - used[2], 0)


def share_between(points, start, end):
    """The growth a second of points (time, value) between two times, or in the part of it that the points span."""
    if not points:
        return None
    return process.share_between(points, max(start, points[0][0]), min(end, points[-1][0]))


def pongs_between(readings, start, end):
    """The pongs that the server received between two times; None when it was not asked."""
    pongs = share_between([(reading.time, reading.pongs) for reading in readings], start, end)
    return None if pongs is None else pongs * (end - start)


def at_rest(samples, phases):
    """The last sample that is so long before the first message; None when there is none."""
    before = [sample for sample in samples if phases.hold <= sample.time <= phases.post - 1]
    calm = [sample for sample in before if sample.time <= phases.post - REST_SECONDS]
    return (calm or before or [None])[-1]


@dataclasses.dataclass(frozen=True)
class Both:
    """A figure of each end; None was not measured."""

    server: float
    generator: float

    def json(self):
        return dataclasses.asdict(self)


def both(samples, start, end, each):
    """The CPU microseconds that each end used between two times, for each of so many things."""

    def one(field):
        used = cores(samples, field, start, end)
        return used and each and used * (end - start) * 1e6 / each

    return Both(one("server_seconds"), one("generator_seconds"))


@dataclasses.dataclass(frozen=True)
class Figures:
    """What a run showed. Bytes and microseconds are of one stream, connect or delivery; cores are processors."""

    streams: int
    opened: int
    # Streams that the server or the kernel ended.
    ended: int
    connect_seconds: float
    connect_microseconds: Both
    hold_seconds: float
    pongs_per_stream: float
    rest_cores: Both
    post_cores: Both
    # Of other processes while messages are posted; they keep both ends from the processors.
    other_cores: float
    delivery_microseconds: Both
    delivered: int
    delivered_per_second: float
    # {fault: how often}, lost deliveries among them; without those that did not happen.
    faults: dict
    # Milliseconds by percentile, from the time at which a message was to be posted to its being read.
    latency: dict
    empty_server_bytes: int
    resident_bytes: Both
    # Of the kernel, for the sockets of both ends, and of the whole machine.
    memory: machine.Memory
    verdict: str

    @property
    def is_good(self):
        """Whether every stream was opened, stayed open, answered its pings, and received each message once."""
        is_held = self.opened == self.streams and not self.ended and self.has_answered_pings
        return is_held and self.delivered > 0 and not self.faults

    @property
    def has_answered_pings(self):
        return self.pongs_per_stream is not None and self.pongs_per_stream >= PONGS_A_STREAM_MIN

    def json(self):
        return {**dataclasses.asdict(self), "is_good": self.is_good}


PERCENTILES = ("p50", "p90", "p99", "p999", "maximum")


def figures_of(file, before, samples, readings, hold_seconds):
    """The figures of a report of `shopload` and of the samples; `before` is a sample from before the first connect."""
    report, phases = file["report"], phases_of(file["report"], hold_seconds)
    counters, delivery = report["counters"], report["latencies"]["delivery"]
    streams, opened = report["scenario"]["connectionCount"], counters["connectsSucceeded"]
    held, steady_seconds = phases.post - phases.hold, phases.end - phases.steady
    pongs, rest = pongs_between(readings, phases.hold, phases.post), at_rest(samples, phases)
    each = None
    if rest and opened:
        each = machine.Memory(*(value / opened for value in dataclasses.astuple(rest.memory.minus(before.memory))))
        # Less is available the more is used.
        each = dataclasses.replace(each, available=-each.available)

    def of_both(start, end):
        return Both(*(cores(samples, field, start, end) for field in ("server_seconds", "generator_seconds")))

    def resident(field):
        return (getattr(rest, field) - getattr(before, field)) / opened if rest and opened else None

    return Figures(
        streams=streams, opened=opened, ended=ended_of(counters),
        connect_seconds=phases.hold - phases.connect,
        connect_microseconds=both(samples, phases.connect, phases.hold, opened),
        hold_seconds=held, pongs_per_stream=pongs / opened if pongs is not None and opened else None,
        rest_cores=of_both(phases.hold, phases.post), post_cores=of_both(phases.steady, phases.end),
        other_cores=other_cores(samples, phases.steady, phases.end),
        delivery_microseconds=both(samples, phases.steady, phases.end, delivery["count"]),
        delivered=counters["delivered"],
        delivered_per_second=delivery["count"] / steady_seconds if steady_seconds else 0,
        faults=faults_of(file),
        latency={name: delivery[name] / 1e6 for name in PERCENTILES if delivery["count"]},
        empty_server_bytes=before.server_resident,
        resident_bytes=Both(resident("server_resident"), resident("generator_resident")),
        memory=each, verdict=file["verdict"]["sentence"],
    )  # fmt: skip


def faults_of(file):
    """{what no server may do at this load: how often}."""
    unanswered = file["report"]["counters"]["requestTimeouts"]
    return {**price.faults_of(file), **({"unanswered": unanswered} if unanswered else {})}


def ended_of(counters):
    """Streams that ended before the generator ended them."""
    return sum(sum(counts_of(counters[name])) for name in ("disconnectsByCloseCode", "disconnectsByError"))


def counts_of(found):
    """Swift's encoder may write a map as a list of keys and values in turn."""
    return found.values() if isinstance(found, dict) else found[1::2]


def gib(count):
    return f"{count / (1 << 30):.1f} GiB"


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def pair(values, digits=0):
    return f"{number(values.server, digits)}; {number(values.generator, digits)}"


def table(figures, rate, shops):
    """The lines of the report, in Markdown."""
    latency = "; ".join(number(figures.latency.get(name), 1) for name in PERCENTILES)
    faults = ", ".join(f"{count:,} {name}" for name, count in figures.faults.items()) or "none"
    memory = figures.memory or machine.Memory(None, None, None, None)
    rate_text = number(figures.opened / figures.connect_seconds if figures.connect_seconds else None)
    rows = [
        ("streams; opened; ended by the server", f"{figures.streams:,}; {figures.opened:,}; {figures.ended:,}"),
        ("opening, s; streams a second", f"{figures.connect_seconds:,.0f}; {rate_text}"),
        ("CPU a connect, µs: server; generator", pair(figures.connect_microseconds)),
        ("held without a message, s; pongs a stream", f"{figures.hold_seconds:,.0f}; "
         f"{number(figures.pongs_per_stream, 2)}"),
        ("CPU at rest, processors: server; generator", pair(figures.rest_cores, 2)),
        (f"{rate:,.0f} messages/s to {shops:,} shops: deliveries; a second", f"{figures.delivered:,}; "
         f"{figures.delivered_per_second:,.0f}"),
        ("lost deliveries and other faults", faults),
        ("POST to delivery, ms: p50; p90; p99; p99.9; maximum", latency),
        ("CPU meanwhile, processors: server; generator; others on the machine",
         f"{pair(figures.post_cores, 2)}; {number(figures.other_cores, 2)}"),
        ("the same for each delivery, pings and POST included, µs", pair(figures.delivery_microseconds, 1)),
        ("resident memory of the server without a stream, MiB", f"{figures.empty_server_bytes / (1 << 20):,.0f}"),
        ("resident memory a stream, bytes: server; generator", pair(figures.resident_bytes)),
        ("kernel memory a stream, both ends, bytes: slab; of it unreclaimable; socket buffers",
         f"{number(memory.slab)}; {number(memory.slab_unreclaimable)}; {number(memory.socket_buffers)}"),
        ("all memory of the machine a stream, bytes", number(memory.available)),
    ]  # fmt: skip
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
