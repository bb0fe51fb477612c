"""What a message, a connect and an idle stream cost, beside a floor: the least that a correct server can do.

usage: tools/bench price [--only NAME …] [--rounds N] [--seconds S] [--awake] [--quick] [--json FILE]

The two servers take turns, and every run has a fresh process. The server has the first of `--cpus` to itself, the
generator the second. See Benchmarks/README.md.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import awake
import idle
import process
import pump

import peers  # pump.py finds it
import runs

OURS, FLOOR = peers.Shopstream, peers.Floor
PUMP_CONNECTIONS = 64
STORM_STREAMS = 15_000
# What a run takes beyond its measured part, at most.
RUN_SECONDS_MORE = 300
# From where a processor counts as full, as in a verdict of `shopload`.
BUSY_SHARE_FULL = 0.85
REACHED_SHARE_MIN = 0.99
MARK_TEXT = (
    "`*`: in every round the generator was at its limit, or something else on the machine kept the server from its "
    "own. A rate could be higher, a latency and a cost lower."
)
# Of the machine's processors; above it the table says so.
OTHER_LOAD_SHARE_MAX = 0.1


@dataclasses.dataclass(frozen=True)
class Value:
    """A figure of one run, or the median of several. `is_bounded`: the generator was at its limit, and the server might
    do better."""

    number: float
    is_bounded: bool = False


@dataclasses.dataclass(frozen=True)
class Figure:
    """A row of the table. Ratios are ours / floor."""

    name: str
    unit: str
    digits: int = 0


CPU_DELIVERY = Figure("CPU a delivery", "µs", 1)
CPU_POST = Figure("CPU a POST and its delivery", "µs", 1)
P50 = Figure("p50", "µs")
RATE = Figure("POST a second", "1/s")
CPU_CONNECT = Figure("CPU a connect", "µs", 1)
CONNECTS = Figure("connects a second", "1/s")
AT_FIRST = Figure(f"resident, each of {idle.FIRST:,}", "bytes")
FURTHER = Figure(f"resident, each further to {idle.LAST:,}", "bytes")
AFTER = Figure(f"resident, each {idle.REST_SECONDS} s after", "bytes")


class Load:
    """Messages at a fixed rate, by `shopload`: it checks every delivery, and latencies count from the intended time."""

    def __init__(self, name, base, shops, streams, rate, cpu=CPU_DELIVERY):
        self.name, self.base, self.shops, self.streams, self.rate = name, base, shops, streams, rate
        self.cpu = cpu
        self.figures = (cpu, P50)
        self.title = f"{shops:,} × {streams:,} at {rate:,}/s"

    def run(self, kind, options):
        told = [
            self.base, "--connections", str(self.shops * self.streams), "--shops", str(self.shops),
            "--rate", str(self.rate), "--bytes", str(options.bytes), "--warm-up", "1", "--drain", "2",
            "--duration", str(options.seconds),
        ]  # fmt: skip
        members = runs.members(options, told) if kind is OURS else ""
        with kind(runs.SECRET, processors=options.server_processor, members=members) as server:
            with process.ProcessorWatch(server.serving_pid()) as watch, tempfile.TemporaryDirectory() as folder:
                file = runs.load(options, server, told, pathlib.Path(folder) / "report.json")
        return load_values(file, watch, self.cpu)


def load_values(file, watch, cpu):
    """{figure: value} of a report of `shopload` and of what the server used meanwhile."""
    report, faults = file["report"], faults_of(file)
    if faults:
        raise peers.PeerError(f"the run has faults: {faults}")
    scenario, delivery = report["scenario"], report["latencies"]["delivery"]
    phases, is_late = scenario["phases"], runs.is_generator_late(file)
    seconds = phases["steadySeconds"]
    start = wall_seconds(report["startedAt"]) + phases["connectSeconds"] + phases["warmUpSeconds"]
    cores = watch.share_between(start, start + seconds)
    if not delivery.get("count") or cores is None:
        raise peers.PeerError("nothing was delivered, or the server was not watched")
    wanted = scenario["messagesPerSecond"] * seconds * scenario["connectionCount"] / scenario["shopCount"]
    # A load that was reached cost what it cost, though the generator noticed the deliveries late.
    is_reached = delivery["count"] >= REACHED_SHARE_MIN * wanted
    return {
        cpu: Value(cores * seconds * 1e6 / delivery["count"], is_late and not is_reached),
        P50: Value(delivery["p50"] / 1e3, is_late),
    }


def faults_of(file):
    """{what no server may do: how often}, of a report of `shopload`."""
    counters = file["report"]["counters"]
    faults = {name: counters[name] for name in ("lost", "duplicated", "outOfOrder", "foreign", "corruptFrames")}
    faults["refused"] = sum(count for status, count in runs.statuses(file).items() if not 200 <= status < 300)
    return {name: count for name, count in faults.items() if count}


def wall_seconds(moment):
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


class HighestRate:
    """POST as fast as it goes over a bounded number of connections, each of which waits for its answer."""

    name, title = "post-highest", f"1,000 × 1, highest rate over {PUMP_CONNECTIONS} connections"
    figures = (CPU_POST, RATE)
    shops = 1_000

    def run(self, kind, options):
        with idle.started(kind, self.shops, *options.cpus_of_both, shops=self.shops) as (server, load):
            load.open(self.shops)
            load.post(min(1, options.seconds), PUMP_CONNECTIONS, options.bytes)
            before = process.processor_seconds(server.serving_pid())
            done = load.post(options.seconds, PUMP_CONNECTIONS, options.bytes)
            used = process.processor_seconds(server.serving_pid()) - before
        print(f"  {self.name} {kind.name}: {busy_text(done, used)}", file=sys.stderr)
        if done["refused"] or done["delivered"] != done["answered"]:
            raise peers.PeerError(f"{kind.name}: not every message was delivered once: {done}")
        is_bounded = could_do_more(done, used)
        return {
            CPU_POST: Value(used * 1e6 / done["answered"], is_bounded),
            RATE: Value(done["answered"] / done["seconds"], is_bounded),
        }


class Storm:
    """Streams that connect as fast as they go, each of a user of its own, and what of it stays."""

    name, title = "storm", f"{STORM_STREAMS:,} connects as fast as they go"
    figures = (CPU_CONNECT, CONNECTS, AFTER)

    def run(self, kind, options):
        count = STORM_STREAMS // (10 if options.quick else 1)
        with idle.started(kind, count, *options.cpus_of_both) as (server, load):
            pid = server.serving_pid()
            time.sleep(idle.SETTLE_SECONDS)
            empty, before = process.resident_bytes(pid), process.processor_seconds(pid)
            done = load.open(count)
            used = process.processor_seconds(pid) - before
            time.sleep(1 if options.quick else idle.REST_SECONDS)
            stays = (process.resident_bytes(pid) - empty) / count
        print(f"  {self.name} {kind.name}: {busy_text(done, used)}", file=sys.stderr)
        return {
            # It is the server's own, however fast the generator connects.
            CPU_CONNECT: Value(used * 1e6 / count),
            CONNECTS: Value(count / done["seconds"], could_do_more(done, used)), AFTER: Value(stays),
        }  # fmt: skip


class Idle:
    """Idle streams that connected at a steady rate."""

    name, title = "idle", f"idle streams, connected {idle.PACED.name}"
    figures = (AT_FIRST, FURTHER)

    def run(self, kind, options):
        counts = (500, 1_800) if options.quick else (idle.FIRST, idle.LAST)
        sizes = idle.measure(kind, idle.PACED, options, *counts, rest_seconds=0)
        return {AT_FIRST: Value(sizes.each_of_first), FURTHER: Value(sizes.each_further)}


def could_do_more(done, server_seconds):
    """Whether the server had time left: the generator, or something else on the machine, kept it from its own limit."""
    return server_seconds < BUSY_SHARE_FULL * done["seconds"]


def busy_text(done, server_seconds):
    """How busy both ends were while the generator worked."""
    shares = [f"{seconds / done['seconds']:.0%}" for seconds in (server_seconds, done["processorSeconds"])]
    return f"server {shares[0]} busy, generator {shares[1]}"


SCENARIOS = (
    Load("post-1000", "wide", 1_000, 1, 1_000, CPU_POST),
    Load("post-4000", "wide", 1_000, 1, 4_000, CPU_POST),
    HighestRate(),
    Load("1000x10", "many-shops", 1_000, 10, 1_000),
    Load("100x50", "many-shops", 100, 50, 500),
    Load("1x1000", "one-shop", 1, 1_000, 100),
    Storm(),
    Idle(),
)


def median_of(values):
    """The median of the rounds in which the generator was not the limit, else of all; None when there are none."""
    measured = [value for value in values if value is not None]
    judged = [value for value in measured if not value.is_bounded] or measured
    if not judged:
        return None
    return Value(statistics.median(value.number for value in judged), judged[0].is_bounded)


def ratio_of(ours, floor):
    """Ours / floor; None when one of the two is missing or the floor is 0."""
    if ours is None or floor is None or floor.number == 0:
        return None
    return Value(ours.number / floor.number, ours.is_bounded or floor.is_bounded)


def cell(value, digits):
    return "–" if value is None else f"{value.number:,.{digits}f}{'*' if value.is_bounded else ''}"


@dataclasses.dataclass(frozen=True)
class Row:
    """A figure of a scenario: what each server's rounds measured, None for a round that failed."""

    scenario: object
    figure: Figure
    rounds: dict

    def median(self, kind):
        return median_of(self.rounds[kind])

    @property
    def ratio(self):
        return ratio_of(self.median(OURS), self.median(FLOOR))

    def cells(self):
        digits = self.figure.digits
        unit = f", {self.figure.unit}" if self.figure.unit != "1/s" else ""
        return [
            self.scenario.title, f"{self.figure.name}{unit}", cell(self.median(OURS), digits),
            cell(self.median(FLOOR), digits), cell(self.ratio, 2),
        ]  # fmt: skip

    def json(self):
        def numbers(kind):
            middle = self.median(kind)
            return {
                "median": middle and middle.number, "generatorWasLimit": bool(middle and middle.is_bounded),
                "rounds": [value and value.number for value in self.rounds[kind]],
            }  # fmt: skip

        ratio = self.ratio
        return {
            "scenario": self.scenario.name, "figure": self.figure.name, "unit": self.figure.unit,
            OURS.name: numbers(OURS), FLOOR.name: numbers(FLOOR), "ratio": ratio and ratio.number,
        }  # fmt: skip


def rows_of(scenario, results):
    """The rows of `{kind: [{figure: value}]}`."""

    def rounds(kind, figure):
        return [run.get(figure) if run else None for run in results[kind]]

    return [Row(scenario, figure, {kind: rounds(kind, figure) for kind in results}) for figure in scenario.figures]


def table(rows, other_load_share=0):
    """The table in Markdown with what its marks mean, and the number of figures that are missing."""
    lines = runs.table("Price", ["load", "figure", "ours", "floor", "ours / floor"], [row.cells() for row in rows])
    values = [value for row in rows for value in (row.median(OURS), row.median(FLOOR))]
    if any(value and value.is_bounded for value in values):
        lines += ["", MARK_TEXT]
    missing = sum(value is None for row in rows for kind in (OURS, FLOOR) for value in row.rounds[kind])
    if missing:
        lines += ["", f"{missing} figures of single rounds are missing: those runs failed."]
    if other_load_share > OTHER_LOAD_SHARE_MAX:
        lines += ["", f"Other processes used up to {other_load_share:.0%} of the machine in a run: it was not quiet."]
    return lines, missing


def keeper(options):
    """What keeps the processors awake while a scenario runs."""
    if not options.awake:
        return contextlib.nullcontext()
    return awake.kept_awake(options.cpus_of_both, options.seconds + RUN_SECONDS_MORE)


def measure(options):
    """The rows of all scenarios, and the greatest share of the machine that other processes used in a run."""
    rows, shares = [], [0]
    for scenario in options.scenarios:

        def run(kind, number):
            with process.OtherLoad() as other, keeper(options):
                values = scenario.run(kind, options)  # noqa: B023
            shares.append(other.share)
            seen = ", ".join(f"{figure.name} {cell(value, figure.digits)}" for figure, value in values.items())
            print(f"  {scenario.name} {number} {kind.name}: {seen}", file=sys.stderr, flush=True)  # noqa: B023
            return values

        rows += rows_of(scenario, runs.in_turn((OURS, FLOOR), options.rounds, run))
    return rows, max(shares)


def parse(arguments):
    names = [scenario.name for scenario in SCENARIOS]
    parser = runs.parser("price", __doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.set_defaults(seconds=4)
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="the scenarios")
    parser.add_argument("--awake", action="store_true", help="the two processors do not go idle between messages")
    parser.add_argument("--quick", action="store_true", help="one round of a second each, to see that all works")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures of all rounds to this file")
    options = runs.parse(parser, arguments)
    if options.quick:
        options.rounds = options.seconds = 1
    options.scenarios = [scenario for scenario in SCENARIOS if scenario.name in options.only]
    options.cpus_of_both = (options.server_processor, options.load_processor)
    return options


def main():
    options = parse(sys.argv[1:])
    for kind in (OURS, FLOOR):
        if not kind.is_available():
            raise SystemExit(f"{kind.name} cannot be run: is it built, and is there a compiler of C?")
        kind.build()
    pump.build()
    # This process samples while the servers run: away from their processor.
    if options.load_processor.isdigit():
        os.sched_setaffinity(0, {int(options.load_processor)})
    started = datetime.datetime.now(datetime.timezone.utc)
    rows, other_load_share = measure(options)
    lines, missing = table(rows, other_load_share)
    print("\n".join(lines).strip())
    if options.json:
        described = {
            "commit": peers.commit(), "startedAt": started.isoformat(timespec="seconds"), "rounds": options.rounds,
            "seconds": options.seconds, "messageBytes": options.bytes, "awake": options.awake,
            "otherLoadShareMax": other_load_share,
            "figures": [row.json() for row in rows],
        }  # fmt: skip
        options.json.write_text(json.dumps(described, indent=1) + "\n")
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except peers.PeerError as error:
        raise SystemExit(str(error)) from error
