"""A million streams in one server process, and the messages to their shops. See README.md.

usage: tools/bench million [--streams N] [--shops N] [--rate N] [--seconds S] [--json FILE] [--svg FILE]
"""

import argparse
import contextlib
import dataclasses
import json
import math
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import figures
import machine
import picture

import peers  # machine.py finds it
import runs

# The server's own setting; a pong may take the same longer.
PING_PERIOD_SECONDS = 54
PONG_SECONDS_MORE = 6
PING_PERIODS = 2
# Beyond the ping periods, so that the last pongs have arrived.
HOLD_SECONDS_MORE = 5
WARM_UP_SECONDS, DRAIN_SECONDS = 2, 10
# Of a lane of the generator: streams that may be on their way to being open.
OPENING = 64
# Slower than that, the run is ended.
CONNECTS_PER_SECOND_MIN = 1_000
SECONDS_OVERHEAD_MAX = 180
INTERRUPT_SECONDS_MAX = 30


class Server(peers.Shopstream):
    """One process with its store in memory. Its settings are those of production, but for the writes of a user: one
    user posts to all shops."""

    ready_seconds_max = 300

    def __init__(self, options, scenario):
        super().__init__(runs.SECRET)
        self.options, self.scenario = options, scenario

    def command(self):
        with open(self.folder / "members.csv", "wb") as file:
            subprocess.run([str(self.options.shopload), "members", *self.scenario], check=True, stdout=file)
        return [
            str(self.binary), "serve", "--listen", f"127.0.0.1:{self.port}", "--store", "memory:",
            "--log-level", "warning", "--members", "members.csv", "--reactors", str(self.options.reactors),
        ]  # fmt: skip

    def environment(self):
        return {
            "AUTH_JWT_SECRET": self.secret,
            "SHOPSTREAM_WRITES_PER_SECOND": "0",
            "WEBSOCKET_PING_PERIOD_SECONDS": str(self.options.ping_period),
            "WEBSOCKET_PONG_WAIT_SECONDS": str(self.options.ping_period + PONG_SECONDS_MORE),
        }


class Generator:
    """`shopload`, which opens the streams, answers their pings, posts, and checks every delivery. `with` ends it."""

    def __init__(self, options, server, scenario, report):
        connect_seconds = 60 + options.streams / CONNECTS_PER_SECOND_MIN
        self.seconds_max = connect_seconds + options.hold_seconds + options.seconds + SECONDS_OVERHEAD_MAX
        self.report = report
        self.command = [
            str(options.shopload), "run", *scenario, "--rate", str(options.rate), "--bytes", str(options.bytes),
            "--duration", str(options.seconds), "--warm-up", str(WARM_UP_SECONDS), "--drain", str(DRAIN_SECONDS),
            "--hold", str(options.hold_seconds), "--connect-time", str(connect_seconds), "--opening", str(OPENING),
            # Else each message would wake all of its reactors.
            "--together", str(math.ceil(options.streams / options.shops)),
            "--url", server.url(), "--secret", runs.SECRET, "--server-pid", str(server.serving_pid()),
            "--server-reactors", str(options.reactors), "--commit", peers.commit(), "--report", str(report),
        ]  # fmt: skip

    def __enter__(self):
        # Its progress is shown; its own report is in the file.
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def interrupt(self):
        """Ends the run early, with a report of what was measured, or without one if that takes too long."""
        self.process.send_signal(signal.SIGINT)
        threading.Timer(INTERRUPT_SECONDS_MAX, self.process.kill).start()

    def result(self, server):
        """Waits for the end. Returns what it wrote into its file."""
        try:
            status = self.process.wait(self.seconds_max)
        except subprocess.TimeoutExpired as error:
            raise peers.PeerError(f"shopload had not ended after {self.seconds_max:,.0f} s") from error
        # A status other than 0 may be a verdict on the server; without a report nothing was measured.
        if not self.report.exists():
            raise peers.PeerError(f"shopload ended with {status} and no report\n{server.log()}")
        return json.loads(self.report.read_text())


@dataclasses.dataclass(frozen=True)
class Run:
    """What was measured, and what the figures and the picture are made of."""

    figures: figures.Figures
    phases: figures.Phases
    samples: list
    seconds: list
    # Why it ended early; None when it did not.
    shortage: str


def measure(options):
    """Runs a server and the generator, and returns the Run."""
    scenario = [
        "many-shops", "--connections", str(options.streams), "--shops", str(options.shops), "--streams-per-user", "1",
    ]  # fmt: skip
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="million-")))
        server = stack.enter_context(Server(options, scenario))
        before = empty_sample(server.serving_pid())
        load = stack.enter_context(Generator(options, server, scenario, folder / "report.json"))
        with machine.Watch(server, load.process.pid, load.interrupt) as watch:
            try:
                file = load.result(server)
            except peers.PeerError as error:
                raise peers.PeerError(watch.shortage or str(error)) from error
    return Run(
        figures.figures_of(file, before, watch.samples, watch.readings, options.hold_seconds),
        figures.phases_of(file["report"], options.hold_seconds), watch.samples, file["report"]["seconds"],
        watch.shortage,
    )  # fmt: skip


def empty_sample(pid):
    """The server and the machine before the generator starts."""
    return machine.Sample(time.time(), 0, 0, 0, machine.resident_bytes(pid), 0, machine.memory())


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="tools/bench million", description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--streams", type=int, default=1_000_000, help="each of a user of its own")
    parser.add_argument("--shops", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=100, help="messages a second to all shops together")
    parser.add_argument("--seconds", type=int, default=60, help="for which messages are measured")
    parser.add_argument("--bytes", type=int, default=500, help="of a message's text")
    parser.add_argument("--ping-period", type=int, default=PING_PERIOD_SECONDS, help="of the server, in seconds")
    parser.add_argument("--reactors", type=int, default=argparse.SUPPRESS, help="of the server; what is needed")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    parser.add_argument("--svg", type=pathlib.Path, help="write a picture of the run to this file")
    parser.add_argument("--shopload", type=pathlib.Path, default=peers.ROOT / ".build" / "release" / "shopload")
    parser.add_argument("--bin", type=pathlib.Path, default=peers.Shopstream.binary, help="the server")
    options = parser.parse_args(arguments)
    if not 0 < options.shops <= options.streams or options.seconds < 1 or options.rate <= 0 or options.ping_period < 1:
        parser.error("--shops is at most --streams; --seconds, --rate and --ping-period are more than 0")
    options.shopload = options.shopload.resolve()
    options.hold_seconds = PING_PERIODS * options.ping_period + HOLD_SECONDS_MORE
    if not hasattr(options, "reactors"):
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        options.reactors = figures.reactors_needed(options.streams, options.shops, descriptors, os.cpu_count())
    return options


def described(options, run):
    """The JSON of a run."""
    asked = {name: getattr(options, name) for name in (
        "streams", "shops", "rate", "seconds", "bytes", "ping_period", "reactors", "hold_seconds",
    )}  # fmt: skip
    return {
        "commit": peers.commit(), "kernel": os.uname().release, "processors": os.cpu_count(), "options": asked,
        "figures": run.figures.json(), "shortage": run.shortage,
        "samples": [dataclasses.asdict(sample) for sample in run.samples],
    }  # fmt: skip


def main():
    try:
        options = parse(sys.argv[1:])
        figures.check_memory(options.streams, machine.memory().available)
    except figures.TooMany as error:
        raise SystemExit(str(error)) from error
    Server.binary = options.bin.resolve()
    print(
        f"{options.streams:,} streams in {options.shops:,} shops, {options.reactors} reactors; "
        f"held for {options.hold_seconds} s, messages for {options.seconds} s",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    run = measure(options)
    print("\n".join(figures.table(run.figures, options.rate, options.shops)))
    print(f"\n{run.shortage or run.figures.verdict}")
    if options.json:
        options.json.write_text(json.dumps(described(options, run), indent=1) + "\n")
    if options.svg:
        options.svg.write_text(picture.svg(run.samples, run.seconds, run.phases))
    return 0 if run.figures.is_good and not run.shortage else 1


if __name__ == "__main__":
    # The usual end of a run from outside; with statements then end the server and the generator.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        sys.exit(main())
    except peers.PeerError as error:
        raise SystemExit(str(error)) from error
