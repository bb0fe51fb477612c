"""What the comparisons share, this folder's and ../Postgres: a run of `shopload`, rounds in turn, tables."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import peers

SECRET = "comparison-secret-of-at-least-32-bytes"
# A run's connecting, warm-up and drain take longer than its steady part when a server is overwhelmed.
SECONDS_OVERHEAD_MAX = 180


def parser(name, description, **more):
    """A parser of the options that all comparisons have."""
    made = argparse.ArgumentParser(prog=f"tools/bench {name}", description=description, **more)
    made.add_argument("--rounds", type=int, default=3, help="runs of each, whose medians are shown")
    made.add_argument("--seconds", type=int, default=10, help="the steady part of a run")
    made.add_argument("--bytes", type=int, default=500, help="of a message's text")
    made.add_argument("--cpus", default="0,1", help="the server's processor and the generator's")
    made.add_argument("--shopload", type=pathlib.Path, default=peers.ROOT / ".build" / "release" / "shopload")
    return made


def parse(made, arguments):
    """The options, with `server_processor` and `load_processor`."""
    chosen = made.parse_args(arguments)
    chosen.shopload = chosen.shopload.resolve()
    if chosen.cpus.count(",") != 1 or chosen.rounds < 1 or chosen.seconds < 1:
        made.error("--cpus takes two processors, --rounds and --seconds are at least 1")
    chosen.server_processor, chosen.load_processor = chosen.cpus.split(",")
    return chosen


def members(options, scenario):
    """The members file that a scenario's users need; `scenario` holds the scenario's options of `shopload`."""
    command = [str(options.shopload), "members", *scenario]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def load(options, server, arguments, report):
    """Runs `shopload` against a server and returns what it wrote into the file `report`."""
    report.unlink(missing_ok=True)
    # The process is bound as a whole, and its reactors by --cpus: only then is it known that they share a processor.
    command = [
        "taskset", "--cpu-list", options.load_processor, str(options.shopload), "run", *arguments,
        "--cpus", options.load_processor, "--url", server.url(), "--secret", SECRET, "--quiet",
        "--server-pid", str(server.serving_pid()), "--report", str(report),
        "--commit", peers.commit(),
    ]  # fmt: skip
    seconds_max = options.seconds + SECONDS_OVERHEAD_MAX
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max)
    # A status other than 0 may be a verdict on the server; without a report nothing was measured.
    if not report.exists():
        raise peers.PeerError(f"shopload ended with {done.returncode}:\n{done.stderr[-2_000:]}\n{server.log()}")
    return json.loads(report.read_text())


def is_generator_late(file):
    """Whether a report's figures may be the generator's, because the generator was at its limit."""
    return file["verdict"]["kind"] in ("generatorIsTheLimit", "unclear")


def statuses(file):
    """{status: count} of the answers. Swift's encoder may write a map as a list of keys and values in turn."""
    counts = file["report"]["counters"]["statuses"]
    pairs = counts.items() if isinstance(counts, dict) else zip(counts[::2], counts[1::2])
    return {int(status): count for status, count in pairs}


def milliseconds(file, latency, key):
    """A percentile such as `p99`; None when the run had no such latencies."""
    value = file["report"]["latencies"][latency].get(key)
    return value / 1e6 if value is not None else None


def in_turn(ways, rounds, run):
    """{way: what `run(way, round)` returned in each round}; None for a run that failed. Each round another begins."""
    found = {way: [] for way in ways}
    for number in range(rounds):
        shift = number % len(ways)
        for way in ways[shift:] + ways[:shift]:
            try:
                found[way].append(run(way, number))
            except (peers.PeerError, subprocess.SubprocessError) as error:
                print(f"  {way.name} failed: {error}", file=sys.stderr, flush=True)
                found[way].append(None)
    return found


def median(figures, key):
    """The median of those that were measured; None when none was."""
    values = [value for value in (getattr(each, key) for each in figures) if value is not None]
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def name(text, figures):
    """A row's name, with what has to be known of its figures."""
    notes = ["the generator was late"] if figures.is_generator_late else []
    if figures.failed_runs:
        notes.append(f"{figures.failed_runs} run{'s' if figures.failed_runs > 1 else ''} failed")
    return f"{text} ({', '.join(notes)})" if notes else text


def table(title, header, rows):
    """The lines of a table in Markdown."""
    lines = [" | ".join(cells) for cells in [header, *rows]]
    return [f"\n### {title}", "", f"| {lines[0]} |", "|---" * len(header) + "|", *(f"| {line} |" for line in lines[1:])]


def write(folder, lines):
    """Keeps what was measured so far."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines).strip() + "\n"
    (folder / "table.md").write_text(text)
    return text
