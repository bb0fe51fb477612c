"""What a POST costs on PostgreSQL, beside the bare INSERT by pgbench and a handler in Go. See README.md.

usage: tools/bench postgres [--connections N …] [--rounds N] [--seconds S] [--bytes B] [--parts NAME …]

Needs SHOPSTREAM_TEST_POSTGRES, the URL of an empty database, which tools/postgres gives.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
import peers  # noqa: E402

SECRET = "comparison-secret-of-at-least-32-bytes"
URL = os.environ.get("SHOPSTREAM_TEST_POSTGRES", "")
OUT = peers.BUILD.parent / "postgres"
SHOP_COUNT = 100
# People who write at the same time: enough that no connection to the database ever waits for one.
POSTING_CONNECTIONS = 64
# More than any of the ways can do, so that the highest rate shows.
RATE_BEYOND = 60_000
RUN_SECONDS_OVERHEAD_MAX = 120
PARTS = ["rate", "latency", "fan-out"]

# The statement that Shopstream prepares, by pgbench.
INSERT = f"""\\set shop random(0, {SHOP_COUNT - 1})
INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited, parent_id, username)
VALUES (gen_random_uuid()::text, 'load-shop-' || :shop, 'load-poster', :text, clock_timestamp(), NULL, false, NULL, NULL)
ON CONFLICT (id) DO NOTHING;
"""


@dataclasses.dataclass(frozen=True)
class Figures:
    """What the tables show of a run. None was not measured."""

    rate: float = None
    p50: float = None
    p99: float = None
    p999: float = None
    cpu_microseconds: float = None
    commits: float = None
    faults: int = 0
    is_generator_late: bool = False


def sql(text):
    return subprocess.run(["psql", "-qAtX", "-c", text, URL], check=True, capture_output=True, text=True).stdout.strip()


def commit_count():
    """Of transactions that wrote so far: only those are numbered. Itself one of them."""
    return int(sql("SELECT txid_current()"))


class Bare:
    """The same INSERT without a server before it: pgbench on as many connections."""

    def __init__(self, has_triggers):
        self.has_triggers = has_triggers
        self.name = "pgbench" if has_triggers else "pgbench, without triggers"

    def run(self, options, rate=None):
        """At `rate` a second, or as fast as it can."""
        sql(f"ALTER TABLE shop_messages {'ENABLE' if self.has_triggers else 'DISABLE'} TRIGGER USER")
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "insert.sql"
            script.write_text(INSERT)
            command = [
                "taskset", "--cpu-list", options.load_processor, "pgbench", "--no-vacuum", "--protocol=prepared",
                f"--client={options.connections}", "--jobs=1", f"--time={options.seconds:g}", f"--file={script}",
                f"--define=text={'x' * options.bytes}", "--log", f"--log-prefix={folder}/times",
                *([f"--rate={rate:g}"] if rate else []), URL,
            ]  # fmt: skip
            # The triggers look names up for who does not say that it is Shopstream.
            environment = {**os.environ, "PGOPTIONS": "-c shopstream.origin=pgbench"}
            done = subprocess.run(
                command, capture_output=True, text=True, env=environment, cwd=folder,
                timeout=options.seconds + RUN_SECONDS_OVERHEAD_MAX,
            )  # fmt: skip
            sql("ALTER TABLE shop_messages ENABLE TRIGGER USER")
            if done.returncode:
                raise peers.PeerError(f"pgbench ended with {done.returncode}:\n{done.stderr}")
            # With a rate a latency counts from the intended time, as `shopload`'s do.
            times = sorted(
                int(line.split()[2]) for file in pathlib.Path(folder).glob("times.*") for line in open(file)
            )

        def quantile(share):
            return times[min(int(share * len(times)), len(times) - 1)] / 1e3 if times else None

        return Figures(rate=len(times) / options.seconds, p50=quantile(0.5), p99=quantile(0.99), p999=quantile(0.999))


class Served:
    """By REST through a server, under the load of `shopload`."""

    def __init__(self, kind):
        self.kind = kind
        self.name = kind.name

    def run(self, options, rate=None):
        scenario = f"base = rest\nlists = 0\ngroup = {SHOP_COUNT} 0 {rate or RATE_BEYOND}\n"
        return self.load(options, scenario, ["--in-flight", "1"], latency="post")

    def fan_out(self, options, streams, rate):
        """Streams that are open meanwhile, and what a delivery takes."""
        scenario = f"base = many-shops\ngroup = {SHOP_COUNT} {streams // SHOP_COUNT} {rate}\n"
        return self.load(options, scenario, [], latency="delivery")

    def load(self, options, scenario, more, latency):
        with tempfile.TemporaryDirectory() as folder:
            file, report = pathlib.Path(folder) / "scenario", pathlib.Path(folder) / "report.json"
            seconds = f"bytes = {options.bytes}\nwarm-up = 2\nduration = {options.seconds}\ndrain = 10\n"
            file.write_text(scenario + seconds)
            members = [str(options.shopload), "members", str(file)]
            text = subprocess.run(members, check=True, capture_output=True, text=True).stdout
            processor = options.server_processor
            with self.kind(SECRET, processors=processor, members=text, connections=options.connections) as server:
                command = [
                    "taskset", "--cpu-list", options.load_processor, str(options.shopload), "run", str(file),
                    "--url", server.url(), "--secret", SECRET, "--quiet", "--report", str(report),
                    "--server-pid", str(server.serving_pid()), "--posters", str(POSTING_CONNECTIONS), *more,
                ]  # fmt: skip
                commits = commit_count()
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=options.seconds + RUN_SECONDS_OVERHEAD_MAX)
                commits = commit_count() - commits
                if not report.exists():
                    raise peers.PeerError(f"shopload ended with {done.returncode}:\n{done.stderr}\n{server.log()}")
            return self.figures(json.loads(report.read_text()), latency, commits)

    @staticmethod
    def figures(file, latency, commits):
        figures, counters = file["figures"], file["report"]["counters"]
        times = file["report"]["latencies"][latency]

        def milliseconds(key):
            return times[key] / 1e6 if times.get(key) is not None else None

        rate = figures["answeredPerSecond"]
        cores = figures.get("serverUserCores", 0) + figures.get("serverSystemCores", 0)
        statuses = counters["statuses"]
        pairs = statuses.items() if isinstance(statuses, dict) else zip(statuses[::2], statuses[1::2])
        answers = {int(status): count for status, count in pairs}
        created = answers.get(201, 0)
        return Figures(
            rate=rate, p50=milliseconds("p50"), p99=milliseconds("p99"), p999=milliseconds("p999"),
            cpu_microseconds=cores * 1e6 / rate if rate else None, commits=created / commits if commits else None,
            faults=sum(answers.values()) - created + counters["lost"],
            is_generator_late=file["verdict"]["kind"] in ("generatorIsTheLimit", "unclear"),
        )  # fmt: skip


class Shopstream(peers.Shopstream):
    """This project's server on the database."""

    def __init__(self, *arguments, connections, **more):
        super().__init__(*arguments, **more)
        self.connections = connections

    def command(self):
        command = super().command()
        command[command.index("memory:")] = URL
        return command

    def environment(self):
        return {**super().environment(), "SHOPSTREAM_POSTGRES_CONNECTIONS": str(self.connections)}


class Reference(peers.Reference):
    """gin and database/sql on the database."""

    def __init__(self, *arguments, connections, **more):
        super().__init__(*arguments, **more)
        self.connections = connections

    def command(self):
        url = f"{URL}?sslmode=disable"
        return [*super().command(), "-postgres", url, "-connections", str(self.connections)]


def median_of(runs):
    def middle(key):
        values = [value for value in (getattr(run, key) for run in runs) if value is not None]
        return statistics.median(values) if values else None

    numbers = ("rate", "p50", "p99", "p999", "cpu_microseconds", "commits")
    return Figures(
        **{key: middle(key) for key in numbers}, faults=max(run.faults for run in runs),
        is_generator_late=any(run.is_generator_late for run in runs))  # fmt: skip


def in_turn(ways, rounds, run):
    """{way: figures}: the medians of rounds, each begun by another way, on empty tables."""
    found = {way: [] for way in ways}
    for number in range(rounds):
        shift = number % len(ways)
        for way in ways[shift:] + ways[:shift]:
            sql("TRUNCATE shop_messages")
            sql("CHECKPOINT")
            figures = run(way)
            found[way].append(figures)
            print(f"  {way.name}: {figures}", file=sys.stderr, flush=True)
    return {way: median_of(runs) for way, runs in found.items()}


COLUMNS = {
    "rate": ("POST/s", 0),
    "p50": ("p50 ms", 2),
    "p99": ("p99 ms", 2),
    "p999": ("p99.9 ms", 2),
    "cpu_microseconds": ("server's CPU µs/POST", 1),
    "commits": ("POST/transaction", 1),
}


def table(title, results, shown):
    lines = [f"\n### {title}", "", "| way | " + " | ".join(COLUMNS[key][0] for key in shown) + " | failed |"]
    lines.append("|---" * (len(shown) + 2) + "|")
    for way, row in results.items():
        cells = ["–" if getattr(row, key) is None else f"{getattr(row, key):,.{COLUMNS[key][1]}f}" for key in shown]
        late = " (generator late)" if row.is_generator_late else ""
        lines.append(f"| {way.name}{late} | " + " | ".join(cells) + f" | {row.faults} |")
    return lines


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench postgres", description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 8], help="to the database, of every way")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way; medians are shown")
    parser.add_argument("--seconds", type=float, default=10, help="the measured part of a run")
    parser.add_argument("--bytes", type=int, default=500, help="of a message's text")
    parser.add_argument("--cpus", default="0,1", help="the server's processor and the generator's; the database has all")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--shopload", type=pathlib.Path, default=peers.ROOT / ".build" / "release" / "shopload")
    chosen = parser.parse_args(arguments)
    if chosen.cpus.count(",") != 1 or chosen.rounds < 1:
        parser.error("--cpus takes two processors, --rounds is at least 1")
    chosen.server_processor, chosen.load_processor = chosen.cpus.split(",")
    chosen.connection_counts, chosen.connections = chosen.connections, chosen.connections[0]
    return chosen


def main():
    options = parse(sys.argv[1:])
    if not URL:
        raise SystemExit("SHOPSTREAM_TEST_POSTGRES is not set: run tools/bench postgres")
    subprocess.run([str(Shopstream.binary), "migrate", "--store", URL], check=True, capture_output=True)
    served = [Served(Shopstream)]
    if Reference.is_available():
        Reference.build()
        served.append(Served(Reference))
    bare = Bare(has_triggers=True)
    lines = []
    for options.connections in options.connection_counts:
        title = f"{options.connections} connections to the database"
        ways = [*served, bare, Bare(has_triggers=False)]
        rate = None
        if "rate" in options.parts:
            results = in_turn(ways, options.rounds, lambda way: way.run(options))
            lines += table(f"{title}, as fast as they can", results, ["rate", "cpu_microseconds", "commits"])
            rate = results[bare].rate
        if "latency" in options.parts:
            half = round((rate or bare.run(options).rate) / 2, -2)
            results = in_turn(ways, options.rounds, lambda way: way.run(options, half))  # noqa: B023
            shown = ["rate", "p50", "p99", "p999", "cpu_microseconds", "commits"]
            lines += table(f"{title}, {half:,.0f} POST/s offered", results, shown)
    if "fan-out" in options.parts:
        results = in_turn(served, options.rounds, lambda way: way.fan_out(options, streams=5_000, rate=500))
        shown = ["rate", "p50", "p99", "p999", "cpu_microseconds"]
        title = f"100 × 50 streams, 500 messages/s, {options.connections} connections: from POST to frame"
        lines += table(title, results, shown)
    text = "\n".join(lines).strip()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "table.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (peers.PeerError, subprocess.SubprocessError) as error:
        raise SystemExit(str(error)) from error
