"""Runs Shopstream and its peers side by side under the load of `shopload` and prints the table. See README.md.

usage: tools/bench peers [--only NAME …] [--scenarios NAME …] [--rounds N] [--seconds S] [--bytes B]
                         [--shopload FILE] [--out FOLDER]

Servers take turns within each scenario, and every run gets a fresh process. The server has the first of `--cpus` to
itself, the generator the second.
"""

import dataclasses
import os
import pathlib
import sys

import peers
import runs

DEADLINE_MILLISECONDS = 50
RATE_MAX = 50_000


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What `shopload run` is asked for; `rate` is None where the highest rate is looked for."""

    name: str
    base: str
    connections: int
    shops: int
    rate: float = None
    rate_first: float = 250

    @property
    def title(self):
        rate = "at the highest rate" if self.rate is None else f"{self.rate:,.0f} messages/s"
        if self.base == "idle":
            return f"{self.connections:,} idle streams"
        return f"{self.shops:,} × {self.connections // self.shops:,} streams, {rate}"

    def options(self, rate, seconds, text_bytes):
        sending = ["--rate", f"{rate:g}", "--bytes", str(text_bytes), "--warm-up", "2"] if self.base != "idle" else []
        shops = ["--shops", str(self.shops)]
        return [self.base, "--connections", str(self.connections), *shops, "--duration", str(seconds), *sending]


SCENARIOS = (
    Scenario("idle", "idle", 5_000, 100, 0),
    Scenario("one-shop", "one-shop", 1_000, 1, 100),
    Scenario("many-shops", "many-shops", 5_000, 100, 500),
    Scenario("wide", "wide", 10_000, 1_000, 1_000),
    Scenario("capacity", "many-shops", 2_000, 20),
)


@dataclasses.dataclass(frozen=True)
class Figures:
    """What the table shows of a run. None was not measured."""

    user_bytes: float = None
    kernel_bytes: float = None
    cpu_microseconds: float = None
    p50: float = None
    p99: float = None
    p999: float = None
    rate: float = None
    lost: int = None
    failed: int = None
    is_generator_late: bool = False
    is_complete: bool = True
    failed_runs: int = 0

    @classmethod
    def of(cls, file, rate):
        """Those of the JSON that `shopload` wrote."""
        figures, counters = file["figures"], file["report"]["counters"]
        refused = sum(count for status, count in runs.statuses(file).items() if not 200 <= status < 300)
        share = figures.get("answeredShare")
        opened = counters["connectsSucceeded"] >= file["report"]["scenario"]["connectionCount"]
        return cls(
            user_bytes=figures.get("userBytesPerConnection"),
            kernel_bytes=figures.get("kernelBytesPerConnection"),
            cpu_microseconds=figures.get("serverMicrosecondsPerDelivery"),
            **{key: runs.milliseconds(file, "delivery", key) for key in ("p50", "p99", "p999")},
            rate=rate, lost=counters["lost"], failed=refused + counters["requestTimeouts"],
            is_generator_late=runs.is_generator_late(file),
            is_complete=opened and (share is None or share >= 0.99) and figures.get("sentShare", 1) >= 0.99,
        )  # fmt: skip

    @property
    def is_in_time(self):
        """Whether everything arrived, and 99 % of it within the deadline."""
        in_time = self.p99 is not None and self.p99 <= DEADLINE_MILLISECONDS
        return in_time and self.is_complete and self.lost == 0 and self.failed == 0


def median_of(rounds):
    """The median of each figure over the rounds in which the generator kept up, if there are such, and the worst of
    what must not happen over all of them. A round that failed is None."""
    finished = [run for run in rounds if run]
    judged = [run for run in finished if not run.is_generator_late] or finished
    numbers = ("user_bytes", "kernel_bytes", "cpu_microseconds", "p50", "p99", "p999", "rate")
    return Figures(
        **{key: runs.median(judged, key) for key in numbers},
        lost=max((run.lost for run in finished), default=None),
        failed=max((run.failed for run in finished), default=None),
        is_generator_late=any(run.is_generator_late for run in judged), failed_runs=len(rounds) - len(finished),
    )  # fmt: skip


def highest_rate(first, run_at, bisections=3):
    """Doubles the rate until `run_at(rate)` is not in time, or halves it until it is, then narrows the interval.
    Returns the best run's figures, or the slowest one's with the rate 0 when even a sixteenth was not in time.

    A run that failed while the generator did not keep up says little about the server. It is repeated once, and when
    that is no better, `is_generator_late` says that the server may bear more.
    """

    def attempt(rate):
        figures = run_at(rate)
        return run_at(rate) if figures.is_generator_late and not figures.is_in_time else figures

    best, failed, rate = None, None, first
    while rate <= RATE_MAX:
        figures = attempt(rate)
        if figures.is_in_time:
            best, rate = figures, rate * 2
            if failed:
                break
        else:
            failed = figures
            if best or rate <= first / 16:
                break
            rate /= 2
    if best is None:
        return dataclasses.replace(failed, rate=0)
    low, high = best.rate, failed.rate if failed else rate
    for _ in range(bisections if failed else 0):
        middle = round((low * high) ** 0.5)
        figures = attempt(middle)
        if figures.is_in_time:
            best, low = figures, middle
        else:
            failed, high = figures, middle
    return dataclasses.replace(best, is_generator_late=failed is None or failed.is_generator_late)


def measure(options, kinds, scenario):
    """{server: figures}: the medians of the rounds."""

    def run(kind, rate, label):
        """One run against a fresh server."""
        told = scenario.options(rate, options.seconds, options.bytes)
        members = runs.members(options, told) if kind is peers.Shopstream else ""
        with kind(runs.SECRET, processors=options.server_processor, members=members) as server:
            hold = ["--hold", "3"] if scenario.base == "idle" else []
            report = options.out / f"{scenario.name}-{kind.name}-{label}.json"
            figures = Figures.of(runs.load(options, server, told + hold, report), rate)
        print(f"  {scenario.name} {kind.name} {label}: {summary(figures)}", file=sys.stderr, flush=True)
        return figures

    def round_of(kind, number):
        if scenario.rate is None:
            return highest_rate(scenario.rate_first, lambda rate: run(kind, rate, f"{number}-{rate:g}"))
        return run(kind, scenario.rate, str(number))

    return {kind: median_of(found) for kind, found in runs.in_turn(kinds, options.rounds, round_of).items()}


def summary(figures):
    p50, p99, cpu = (runs.number(value, 2) for value in (figures.p50, figures.p99, figures.cpu_microseconds))
    late = ", generator late" if figures.is_generator_late else ""
    return f"p50 {p50} p99 {p99} ms, {cpu} µs, lost {figures.lost}, failed {figures.failed}{late}"


def table(scenario, results):
    """The lines of a scenario's table, in Markdown."""
    is_search = scenario.rate is None
    number = runs.number
    columns = {
        "server": lambda kind, row: runs.name(f"{kind.name} {kind.version()}", row),
        "user bytes/stream": lambda _, row: number(row.user_bytes),
        "kernel bytes/stream, both ends": lambda _, row: number(row.kernel_bytes),
        "CPU µs/delivery": lambda _, row: number(row.cpu_microseconds, 2),
        "p50 ms": lambda _, row: number(row.p50, 2),
        "p99 ms": lambda _, row: number(row.p99, 2),
        "p99.9 ms": lambda _, row: number(row.p999, 2),
        "messages/s": lambda _, row: ("≥ " if is_search and row.is_generator_late else "") + number(row.rate),
        "lost": lambda _, row: number(row.lost),
        "failed": lambda _, row: number(row.failed),
    }
    if scenario.base == "idle":
        shown = ["server", "user bytes/stream", "kernel bytes/stream, both ends"]
    else:
        shown = [name for name in columns if "bytes" not in name]
    rows = [[columns[name](kind, row) for name in shown] for kind, row in results.items()]
    return runs.table(scenario.title, shown, rows)


def parse(arguments):
    names = [scenario.name for scenario in SCENARIOS]
    parser = runs.parser("peers", __doc__.splitlines()[0], epilog=f"scenarios: {', '.join(names)}")
    parser.add_argument("--only", nargs="+", choices=[kind.name for kind in peers.ALL], help="the servers")
    parser.add_argument("--scenarios", nargs="+", choices=names, default=names)
    parser.add_argument("--out", type=pathlib.Path, default=peers.BUILD / "reports", help="where the reports go")
    options = runs.parse(parser, arguments)
    options.out = options.out.resolve()
    return options


def main():
    options = parse(sys.argv[1:])
    if not os.access(options.shopload, os.X_OK):
        raise SystemExit(f"there is no {options.shopload}: run `swift build -c release --product shopload`")
    kinds = []
    for kind in peers.ALL:
        if options.only and kind.name not in options.only:
            continue
        if kind.is_available():
            kind.build()
            kinds.append(kind)
        else:
            print(f"{kind.name} is not installed: left out", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    lines, failed_runs = [], 0
    for scenario in SCENARIOS:
        if scenario.name in options.scenarios:
            results = measure(options, kinds, scenario)
            failed_runs += sum(row.failed_runs for row in results.values())
            lines += table(scenario, results)
            text = runs.write(options.out, lines)
    print(text, end="")
    return 1 if failed_runs else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except peers.PeerError as error:
        raise SystemExit(str(error)) from error
