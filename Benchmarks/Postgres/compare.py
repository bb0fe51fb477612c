"""What a POST costs on PostgreSQL, beside the bare INSERT by pgbench and a handler in Go. See README.md.

usage: tools/bench postgres [--connections N …] [--rounds N] [--seconds S] [--bytes B] [--parts NAME …] [--shared]

Needs SHOPSTREAM_TEST_POSTGRES, the URL of an empty database, which tools/postgres gives.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
import peers  # noqa: E402
import runs  # noqa: E402

URL = os.environ.get("SHOPSTREAM_TEST_POSTGRES", "")
OUT = peers.BUILD.parent / "postgres"
SHOP_COUNT = 100
# Writers at the same time: enough that no connection to the database ever waits for one.
POSTING_CONNECTIONS = 64
# More than any of the ways can do, so that the highest rate shows.
RATE_BEYOND = 60_000
FAN_OUT_STREAMS = 5_000
FAN_OUT_RATE_MAX = 500
PARTS = ["rate", "latency", "fan-out"]

# The statement that Shopstream prepares, by pgbench.
INSERT = f"""\\set shop random(0, {SHOP_COUNT - 1})
INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited, parent_id, username)
VALUES (gen_random_uuid()::text, 'load-shop-' || :shop, 'load-poster', :text, clock_timestamp(), NULL, false, NULL,
    NULL)
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
    faults: int = None
    is_generator_late: bool = False
    failed_runs: int = 0


def sql(text):
    return subprocess.run(["psql", "-qAtX", "-c", text, URL], check=True, capture_output=True, text=True).stdout.strip()


def transaction_number():
    """Takes the next number of a transaction. Only those that write take one."""
    return int(sql("SELECT txid_current()"))


class Bare:
    """The same INSERT without a server before it: pgbench on as many connections."""

    def __init__(self, has_triggers):
        self.has_triggers = has_triggers
        self.name = "pgbench" if has_triggers else "pgbench, without triggers"

    def run(self, options, rate=None):
        """At `rate` a second, or as fast as it can."""
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "insert.sql"
            script.write_text(INSERT)
            command = [
                "taskset", "--cpu-list", options.load_processor, "pgbench", "--no-vacuum", "--protocol=prepared",
                f"--client={options.connections}", "--jobs=1", f"--time={options.seconds}", f"--file={script}",
                f"--define=text={'x' * options.bytes}", "--log", f"--log-prefix={folder}/times",
                *([f"--rate={rate:g}"] if rate else []), URL,
            ]  # fmt: skip
            # The triggers look up names for sessions that do not announce themselves as Shopstream.
            environment = {**os.environ, "PGOPTIONS": "-c shopstream.origin=pgbench"}
            sql(f"ALTER TABLE shop_messages {'ENABLE' if self.has_triggers else 'DISABLE'} TRIGGER USER")
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, env=environment, cwd=folder,
                    timeout=options.seconds + runs.SECONDS_OVERHEAD_MAX,
                )  # fmt: skip
            finally:
                sql("ALTER TABLE shop_messages ENABLE TRIGGER USER")
            if done.returncode:
                raise peers.PeerError(f"pgbench ended with {done.returncode}:\n{done.stderr}")
            log = "".join(file.read_text() for file in pathlib.Path(folder).glob("times.*"))
        return self.figures(log, options.seconds)

    @staticmethod
    def figures(log, seconds):
        """Those of what pgbench logged: a line a transaction, whose third word is its time in microseconds. With a rate
        it counts from the intended time, as `shopload`'s do."""
        times = sorted(int(line.split()[2]) for line in log.splitlines())

        def quantile(share):
            return times[min(int(share * len(times)), len(times) - 1)] / 1e3 if times else None

        return Figures(
            rate=len(times) / seconds, p50=quantile(0.5), p99=quantile(0.99), p999=quantile(0.999), faults=0)


class Served:
    """By REST through a server, under the load of `shopload`."""

    def __init__(self, kind):
        self.kind = kind
        self.name = kind.name

    def run(self, options, rate=None):
        return self.load(options, f"base = rest\nlists = 0\ngroup = {SHOP_COUNT} 0 {rate or RATE_BEYOND}\n", "post")

    def fan_out(self, options, rate):
        """Streams that are open meanwhile, and what a delivery takes."""
        group = f"group = {SHOP_COUNT} {FAN_OUT_STREAMS // SHOP_COUNT} {rate}"
        return self.load(options, f"base = many-shops\n{group}\n", "delivery")

    def load(self, options, scenario, latency):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "scenario"
            lengths = f"bytes = {options.bytes}\nwarm-up = 2\nduration = {options.seconds}\ndrain = 10\n"
            file.write_text(scenario + lengths)
            members, processors = runs.members(options, [str(file)]), options.server_processor
            with self.kind(
                runs.SECRET, processors=processors, members=members, connections=options.connections,
            ) as server:  # fmt: skip
                told = [str(file), "--posters", str(POSTING_CONNECTIONS), "--in-flight", "1"]
                before = transaction_number()
                report = runs.load(options, server, told, pathlib.Path(folder) / "report.json")
                return self.figures(report, latency, transaction_number() - before - 1)

    @staticmethod
    def figures(file, latency, commits):
        figures, answers = file["figures"], runs.statuses(file)
        rate = figures["answeredPerSecond"]
        cores = figures.get("serverUserCores", 0) + figures.get("serverSystemCores", 0)
        created = answers.get(201, 0)
        return Figures(
            rate=rate, **{key: runs.milliseconds(file, latency, key) for key in ("p50", "p99", "p999")},
            cpu_microseconds=cores * 1e6 / rate if rate else None, commits=created / commits if commits else None,
            faults=sum(answers.values()) - created + file["report"]["counters"]["lost"],
            is_generator_late=runs.is_generator_late(file),
        )  # fmt: skip


class Shopstream(peers.Shopstream):
    """This project's server on the database, alone unless `is_shared` says otherwise."""

    is_shared = False

    def __init__(self, *arguments, connections, **more):
        super().__init__(*arguments, **more)
        self.connections = connections

    def command(self):
        command = super().command()
        command[command.index("memory:")] = URL
        return command

    def environment(self):
        return {
            **super().environment(), "SHOPSTREAM_POSTGRES_CONNECTIONS": str(self.connections),
            "SHOPSTREAM_POSTGRES_SHARED": str(self.is_shared).lower(),
        }  # fmt: skip


class Reference(peers.Reference):
    """gin and database/sql on the database."""

    def __init__(self, *arguments, connections, **more):
        super().__init__(*arguments, **more)
        self.connections = connections

    def command(self):
        url = f"{URL}?sslmode=disable"
        return [*super().command(), "-postgres", url, "-connections", str(self.connections)]


def median_of(rounds):
    """The medians of the rounds that did not fail, and the worst of what must not happen."""
    finished = [run for run in rounds if run]
    return Figures(
        **{key: runs.median(finished, key) for key in COLUMNS},
        faults=max((run.faults for run in finished), default=None),
        is_generator_late=any(run.is_generator_late for run in finished), failed_runs=len(rounds) - len(finished),
    )  # fmt: skip


def in_turn(ways, rounds, run):
    """{way: figures}: the medians of rounds, each run on empty tables."""

    def round_of(way, _):
        sql("TRUNCATE shop_messages")
        sql("CHECKPOINT")
        figures = run(way)
        print(f"  {way.name}: {figures}", file=sys.stderr, flush=True)
        return figures

    return {way: median_of(found) for way, found in runs.in_turn(ways, rounds, round_of).items()}


COLUMNS = {
    "rate": ("POST/s", 0),
    "p50": ("p50 ms", 2),
    "p99": ("p99 ms", 2),
    "p999": ("p99.9 ms", 2),
    "cpu_microseconds": ("server's CPU µs/POST", 1),
    "commits": ("POST/transaction", 1),
}


def table(title, results, shown):
    header = ["way", *(COLUMNS[key][0] for key in shown), "failed"]
    rows = [
        [runs.name(way.name, row), *(runs.number(getattr(row, key), COLUMNS[key][1]) for key in shown),
         runs.number(row.faults)]
        for way, row in results.items()
    ]  # fmt: skip
    return runs.table(title, header, rows)


def parse(arguments):
    parser = runs.parser("postgres", __doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 8], help="to the database, of every way")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument(
        "--shared", action="store_true", help="Shopstream announces its messages, as beside other nodes")
    options = runs.parse(parser, arguments)
    options.connection_counts, options.connections = options.connections, options.connections[0]
    return options


def measure(options, served):
    """Yields a title, results and the columns shown, part by part."""
    bare = Bare(has_triggers=True)
    ways = [*served, bare, Bare(has_triggers=False)]
    for options.connections in options.connection_counts:
        title = f"{options.connections} connections to the database"
        rate = None
        if "rate" in options.parts:
            results = in_turn(ways, options.rounds, lambda way: way.run(options))
            rate = results[bare].rate
            yield f"{title}, as fast as they can", results, ["rate", "cpu_microseconds", "commits"]
        half = max(1, round((rate or bare.run(options).rate) / 2))
        if "latency" in options.parts:
            results = in_turn(ways, options.rounds, lambda way: way.run(options, half))  # noqa: B023
            yield f"{title}, {half:,} POST/s offered", results, list(COLUMNS)
    if "fan-out" in options.parts:
        offered = min(half, FAN_OUT_RATE_MAX)
        results = in_turn(served, options.rounds, lambda way: way.fan_out(options, offered))
        streams = f"{SHOP_COUNT} × {FAN_OUT_STREAMS // SHOP_COUNT} streams"
        shown = ["rate", "p50", "p99", "p999", "cpu_microseconds"]
        yield f"{title}, {streams}, {offered:,} messages/s: from POST to frame", results, shown


def main():
    options = parse(sys.argv[1:])
    Shopstream.is_shared = options.shared
    if not URL:
        raise SystemExit("SHOPSTREAM_TEST_POSTGRES is not set: run tools/bench postgres")
    subprocess.run([str(Shopstream.binary), "migrate", "--store", URL], check=True, capture_output=True)
    served = [Served(Shopstream)]
    if Reference.is_available():
        Reference.build()
        served.append(Served(Reference))
    lines, failed_runs = [], 0
    for title, results, shown in measure(options, served):
        failed_runs += sum(row.failed_runs for row in results.values())
        lines += table(title, results, shown)
        text = runs.write(OUT, lines)
    print(text, end="")
    return 1 if failed_runs else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (peers.PeerError, subprocess.SubprocessError) as error:
        raise SystemExit(str(error)) from error
