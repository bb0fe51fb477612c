"""Runs Shopstream and its peers side by side under the load of `shopload` and prints the table. See README.md.

usage: tools/bench peers [--only NAME …] [--scenarios NAME …] [--rounds N] [--seconds S] [--bytes B]
                         [--shopload FILE] [--out FOLDER]

Servers take turns within each scenario, and every run gets a fresh process. The server has the first of `--cpus` to
itself, the generator the second.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys

import peers

SECRET = "comparison-secret-of-at-least-32-bytes"
DEADLINE_MILLISECONDS = 50
RATE_MAX = 50_000
# A run's connecting, warm-up and drain take longer than its steady part when a server is overwhelmed.
RUN_SECONDS_OVERHEAD_MAX = 180


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
        return [self.base, "--connections", str(self.connections), *shops, "--duration", f"{seconds:g}", *sending]


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
    lost: int = 0
    failed: int = 0
    is_generator_limit: bool = False
    is_complete: bool = True

    @classmethod
    def of(cls, file, rate):
        """Those of the JSON that `shopload` wrote."""
        report, figures = file["report"], file["figures"]
        delivery = report["latencies"]["delivery"]
        counters = report["counters"]

        def milliseconds(key):
            return delivery[key] / 1e6 if delivery.get(key) is not None else None

        refused = sum(count for status, count in pairs(counters["statuses"]) if not 200 <= int(status) < 300)
        share = figures.get("answeredShare")
        opened = counters["connectsSucceeded"] >= report["scenario"]["connectionCount"]
        return cls(
            user_bytes=figures.get("userBytesPerConnection"),
            kernel_bytes=figures.get("kernelBytesPerConnection"),
            cpu_microseconds=figures.get("serverMicrosecondsPerDelivery"),
            p50=milliseconds("p50"), p99=milliseconds("p99"), p999=milliseconds("p999"),
            rate=rate, lost=counters["lost"], failed=refused + counters["requestTimeouts"],
            is_generator_limit=file["verdict"]["kind"] == "generatorIsTheLimit",
            is_complete=opened and (share is None or share >= 0.99) and figures.get("sentShare", 1) >= 0.99,
        )  # fmt: skip

    @property
    def is_in_time(self):
        """Whether everything arrived, and 99 % of it within the deadline."""
        in_time = self.p99 is not None and self.p99 <= DEADLINE_MILLISECONDS
        return in_time and self.is_complete and self.lost == 0 and self.failed == 0


def pairs(statuses):
    """A map from Int keys, which Swift's encoder may write as an object or as a list of keys and values in turn."""
    return statuses.items() if isinstance(statuses, dict) else zip(statuses[::2], statuses[1::2])


def median_of(runs):
    """The median of each figure over the rounds in which the generator kept up, if there are such, and the worst of
    what must not happen over all of them."""
    judged = [run for run in runs if not run.is_generator_limit] or runs

    def middle(key):
        values = [value for value in (getattr(run, key) for run in judged) if value is not None]
        return statistics.median(values) if values else None

    numbers = ("user_bytes", "kernel_bytes", "cpu_microseconds", "p50", "p99", "p999", "rate")
    return Figures(
        **{key: middle(key) for key in numbers}, lost=max(run.lost for run in runs),
        failed=max(run.failed for run in runs), is_generator_limit=judged is runs and runs[0].is_generator_limit,
        is_complete=all(run.is_complete for run in runs),
    )  # fmt: skip


def highest_rate(first, run_at, bisections=3):
    """Doubles the rate until `run_at(rate)` is not in time, or halves it until it is, then narrows the interval.
    Returns the best run's figures, or the slowest one's with the rate 0 when even a sixteenth was not in time.

    A run that failed while the generator did not keep up says little of the server: it is tried once more, and when
    that is no better, `is_generator_limit` says that the server may bear more.
    """

    def attempt(rate):
        figures = run_at(rate)
        return run_at(rate) if figures.is_generator_limit and not figures.is_in_time else figures

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
    return dataclasses.replace(best, is_generator_limit=failed is None or failed.is_generator_limit)


class Comparison:
    def __init__(self, arguments, kinds):
        self.arguments = arguments
        self.kinds = kinds
        self.out = arguments.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.server_processor, self.load_processor = arguments.cpus.split(",")

    def members(self, scenario):
        """The members file that the scenario's users need."""
        command = [str(self.arguments.shopload), "members", *self.scenario_options(scenario, scenario.rate or 1)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def scenario_options(self, scenario, rate):
        return scenario.options(rate, self.arguments.seconds, self.arguments.bytes)

    def run(self, kind, scenario, rate, label):
        """One run against a fresh server."""
        report = self.out / f"{scenario.name}-{kind.name}-{label}.json"
        report.unlink(missing_ok=True)
        members = self.members(scenario) if kind is peers.Shopstream else ""
        with kind(SECRET, processors=self.server_processor, members=members) as server:
            command = [
                "taskset", "--cpu-list", self.load_processor, str(self.arguments.shopload), "run",
                *self.scenario_options(scenario, rate), "--url", server.url(), "--secret", SECRET, "--quiet",
                "--server-pid", str(server.serving_pid()), "--report", str(report),
                *(["--hold", "3"] if scenario.base == "idle" else []),
            ]  # fmt: skip
            seconds_max = self.arguments.seconds + RUN_SECONDS_OVERHEAD_MAX
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max)
            # Exit status 1 is a verdict; without a report nothing was measured.
            if not report.exists():
                text = done.stderr[-2_000:]
                raise peers.PeerError(f"{' '.join(command)} ended with {done.returncode}:\n{text}\n{server.log()}")
        figures = Figures.of(json.loads(report.read_text()), rate)
        print(f"  {scenario.name} {kind.name} {label}: {summary(figures)}", file=sys.stderr, flush=True)
        return figures

    def measure(self, scenario):
        """{server: figures}: the medians of the rounds."""
        found = {kind: [] for kind in self.kinds}
        for number in range(self.arguments.rounds):
            # Each round another server begins.
            shift = number % len(self.kinds)
            for kind in self.kinds[shift:] + self.kinds[:shift]:
                if scenario.rate is None:
                    figures = highest_rate(
                        scenario.rate_first,
                        lambda rate: self.run(kind, scenario, rate, f"{number}-{rate:g}"),  # noqa: B023
                    )
                else:
                    figures = self.run(kind, scenario, scenario.rate, str(number))
                found[kind].append(figures)
        return {kind: median_of(runs) for kind, runs in found.items()}


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def summary(figures):
    text = f"p50 {number(figures.p50, 2)} p99 {number(figures.p99, 2)} ms, {number(figures.cpu_microseconds, 2)} µs"
    return f"{text}, lost {figures.lost}, failed {figures.failed}" + (
        ", generator late" if figures.is_generator_limit else ""
    )


def table(scenario, results):
    """The lines of a scenario's table, in Markdown."""
    is_search = scenario.rate is None
    columns = {
        "server": lambda kind, row: f"{kind.name} {kind.version()}",
        "user bytes/stream": lambda _, row: number(row.user_bytes),
        "kernel bytes/stream, both ends": lambda _, row: number(row.kernel_bytes),
        "CPU µs/delivery": lambda _, row: number(row.cpu_microseconds, 2),
        "p50 ms": lambda _, row: number(row.p50, 2),
        "p99 ms": lambda _, row: number(row.p99, 2),
        "p99.9 ms": lambda _, row: number(row.p999, 2),
        "messages/s": lambda _, row: ("≥ " if is_search and row.is_generator_limit else "") + number(row.rate),
        "lost": lambda _, row: str(row.lost),
        "failed": lambda _, row: str(row.failed),
        "the generator kept up": lambda _, row: "no" if row.is_generator_limit else "yes",
    }
    if scenario.base == "idle":
        shown = ["server", "user bytes/stream", "kernel bytes/stream, both ends"]
    else:
        shown = [name for name in columns if "bytes" not in name]
    lines = [f"\n### {scenario.title}", "", "| " + " | ".join(shown) + " |", "|---" * len(shown) + "|"]
    for kind, row in results.items():
        lines.append("| " + " | ".join(columns[name](kind, row) for name in shown) + " |")
    return lines


def parse(arguments):
    names = [scenario.name for scenario in SCENARIOS]
    parser = argparse.ArgumentParser(
        prog="tools/bench peers", description=__doc__.splitlines()[0], epilog=f"scenarios: {', '.join(names)}"
    )
    parser.add_argument("--only", nargs="+", choices=[kind.name for kind in peers.ALL], help="the servers")
    parser.add_argument("--scenarios", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each scenario and server; medians are shown")
    parser.add_argument("--seconds", type=float, default=10, help="the steady part of a run")
    parser.add_argument("--bytes", type=int, default=500, help="of a message's text")
    parser.add_argument("--cpus", default="0,1", help="the server's processor and the generator's")
    parser.add_argument("--shopload", type=pathlib.Path, default=peers.ROOT / ".build" / "release" / "shopload")
    parser.add_argument("--out", type=pathlib.Path, default=peers.BUILD / "reports", help="where the reports go")
    chosen = parser.parse_args(arguments)
    chosen.shopload, chosen.out = chosen.shopload.resolve(), chosen.out.resolve()
    if chosen.cpus.count(",") != 1 or chosen.rounds < 1:
        parser.error("--cpus takes two processors, --rounds is at least 1")
    return chosen


def main():
    arguments = parse(sys.argv[1:])
    if not os.access(arguments.shopload, os.X_OK):
        raise SystemExit(f"there is no {arguments.shopload}: run `swift build -c release --product shopload`")
    kinds = []
    for kind in peers.ALL:
        if arguments.only and kind.name not in arguments.only:
            continue
        if kind.is_available():
            kind.build()
            kinds.append(kind)
        else:
            print(f"{kind.name} is not installed: left out", file=sys.stderr)
    comparison = Comparison(arguments, kinds)
    lines = []
    for scenario in SCENARIOS:
        if scenario.name in arguments.scenarios:
            lines += table(scenario, comparison.measure(scenario))
    text = "\n".join(lines).strip()
    (arguments.out / "table.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (peers.PeerError, subprocess.SubprocessError) as error:
        raise SystemExit(str(error)) from error
