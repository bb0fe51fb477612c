"""Good streams beside attackers of all kinds: what they lose, and how late their messages are. See README.md.

usage: tools/bench attack [--scale X] [--seconds S] [--reactors N] [--rate N] [--report FILE] [--only KIND …]
"""

import argparse
import asyncio
import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import attackers

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "attack-secret-of-at-least-32-bytes-or-more"
# Of each kind, at scale 1.
COUNTS = {"slow-readers": 1_000, "half-open": 1_000, "idle": 1_000, "loopers": 10, "uploaders": 10, "posters": 2}
GOOD_STREAMS = 1_000
STREAMS_PER_SHOP = 10
SECONDS_OVERHEAD_MAX = 120


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench attack", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the counts of attackers and of good streams")
    parser.add_argument("--seconds", type=int, default=20, help="the measured part of each phase")
    parser.add_argument("--reactors", type=int, default=1)
    parser.add_argument("--rate", type=float, default=100, help="messages a second to the good streams' shops together")
    parser.add_argument("--report", type=pathlib.Path, help="write what was measured, as JSON")
    parser.add_argument("--only", nargs="+", choices=list(COUNTS), help="these kinds of attackers alone")
    parser.add_argument("--cpus", default="", help="the server's processor and that of all others, such as 0,1")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / ".build/release/shopstream")
    parser.add_argument("--shopload", type=pathlib.Path, default=ROOT / ".build/release/shopload")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.scale <= 2 or not 1 <= chosen.seconds <= 120:
        parser.error("--scale is at most 2, --seconds at most 120")
    if chosen.cpus and chosen.cpus.count(",") != 1:
        parser.error("--cpus takes two processors")
    return chosen


class Server:
    """The server in a folder of its own. Its settings are the defaults but for the writes of a user: one user of
    `shopload` writes to all good shops."""

    def __init__(self, options, folder, members):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "members.csv").write_text(members)
        self.log = open(folder / "server.log", "wb")
        bound = ["taskset", "--cpu-list", options.cpus.split(",")[0]] if options.cpus else []
        self.process = subprocess.Popen(
            [*bound, str(options.bin.resolve()), "serve", "--listen", f"127.0.0.1:{self.port}",
             "--store", f"sqlite:{folder}/shopstream.sqlite", "--reactors", str(options.reactors),
             "--members", str(folder / "members.csv")],
            env={"PATH": os.environ["PATH"], "AUTH_JWT_SECRET": SECRET, "SHOPSTREAM_MODE": "development",
                 "SHOPSTREAM_IMAGES": str(folder / "images"), "SHOPSTREAM_WRITES_PER_SECOND": "0"},
            cwd=folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        end = time.monotonic() + 20
        while not self.get("/readyz"):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server is not ready:\n{(folder / 'server.log').read_text()[-2_000:]}")
            time.sleep(0.1)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1_024

    def disconnects(self):
        """{reason: streams that ended so}."""
        found = {}
        for line in (self.get("/metrics") or "").splitlines():
            if line.startswith("websocket_disconnect_reasons{"):
                found[line.split('"')[1]] = int(float(line.rsplit(" ", 1)[1]))
        return found

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def scenario(options):
    streams = max(STREAMS_PER_SHOP, round(GOOD_STREAMS * options.scale))
    return [
        "many-shops", "--connections", str(streams), "--shops", str(streams // STREAMS_PER_SHOP),
        "--prefix", "good",
    ]  # fmt: skip


def good_streams(options, server, folder, name):
    """Runs the good streams and returns `shopload`'s report: each delivery is checked, latencies count from the time
    at which a message was to be sent."""
    report = folder / f"{name}.json"
    bound = ["taskset", "--cpu-list", options.cpus.split(",")[1]] if options.cpus else []
    done = subprocess.run(
        [*bound, str(options.shopload.resolve()), "run", *scenario(options), "--rate", f"{options.rate:g}", "--bytes",
         "500", "--duration", str(options.seconds), "--warm-up", "2", "--drain", "10", "--arrival", "poisson",
         "--url", f"http://127.0.0.1:{server.port}", "--secret", SECRET, "--quiet", "--report", str(report)],
        capture_output=True, text=True, timeout=options.seconds + SECONDS_OVERHEAD_MAX,
    )  # fmt: skip
    if not report.exists():
        raise RuntimeError(f"shopload ended with {done.returncode}:\n{done.stderr[-2_000:]}")
    return json.loads(report.read_text())["report"]


def figures(report):
    counters, delivery = report["counters"], report["latencies"]["delivery"]
    faults = ("lost", "duplicated", "outOfOrder", "foreign", "corruptFrames", "cutFrames")
    statuses = counters["statuses"]
    pairs = statuses.items() if isinstance(statuses, dict) else zip(statuses[::2], statuses[1::2])
    statuses = {str(status): count for status, count in pairs}
    return {
        "p50": delivery["p50"] / 1e6,
        "p99": delivery["p99"] / 1e6,
        "p9999": delivery.get("p9999", 0) / 1e6,
        "opened": counters["connectsSucceeded"],
        "closed": counters["disconnectsByError"],
        "deliveries": counters["delivered"],
        "faults": {name: counters[name] for name in faults if counters[name]},
        "statuses": statuses,
    }


def under_attack(options, server, folder, target):
    """The same while the attackers attack: they begin first, and end last."""
    counts = {
        kind: max(1, round(count * options.scale))
        for kind, count in COUNTS.items()
        if options.only is None or kind in options.only
    }
    all_began = threading.Event()
    stop = {}

    async def run():
        # This thread alone: attackers would have machines of their own, so `shopload` and the kernel's workers take the
        # processor from it at once.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        stop["loop"], stop["event"] = asyncio.get_running_loop(), asyncio.Event()
        attack = asyncio.create_task(
            attackers.attack(target, counts, options.seconds + SECONDS_OVERHEAD_MAX, all_began.set)
        )
        await stop["event"].wait()
        attack.cancel()
        await asyncio.gather(attack, return_exceptions=True)
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    try:
        if not all_began.wait(60):
            raise RuntimeError("the attackers do not get to begin")
        return figures(good_streams(options, server, folder, "attacked"))
    finally:
        stop["loop"].call_soon_threadsafe(stop["event"].set)
        thread.join(30)


def main(arguments):
    options = options_of(arguments)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.cpus:
        os.sched_setaffinity(0, {int(options.cpus.split(",")[1])})
    users = [f"attacker-{number}" for number in range(max(60, round(COUNTS["slow-readers"] * options.scale) // 5 + 20))]
    good = subprocess.run(
        [str(options.shopload.resolve()), "members", *scenario(options)], check=True, capture_output=True, text=True
    ).stdout
    with tempfile.TemporaryDirectory(prefix="attack-") as name:
        folder = pathlib.Path(name)
        server = Server(options, folder, good + "".join(f"attacked,{user},member\n" for user in users))
        try:
            target = attackers.Target(server.port, SECRET, users)
            asyncio.run(attackers.fill(target, max(100, round(attackers.LIST_MESSAGES * min(1, options.scale)))))
            resident = server.resident_bytes()
            quiet = figures(good_streams(options, server, folder, "quiet"))
            attacked = under_attack(options, server, folder, target)
            found = {
                "scale": options.scale, "reactors": options.reactors, "quiet": quiet, "attacked": attacked,
                "ratio": attacked["p99"] / max(quiet["p99"], 1e-6), "attackers": dict(sorted(target.counts.items())),
                "grown_mebibytes": (server.resident_bytes() - resident) >> 20, "ends": server.disconnects(),
            }  # fmt: skip
        finally:
            server.end()
    if options.report:
        options.report.write_text(json.dumps(found, indent=2))
    for phase in ("quiet", "attacked"):
        of = found[phase]
        print(
            f"{phase:>9}: p50 {of['p50']:.2f} ms, p99 {of['p99']:.2f} ms, p99.99 {of['p9999']:.1f} ms, "
            f"{of['deliveries']} deliveries, faults {of['faults'] or 'none'}, closed {of['closed'] or 'none'}, "
            f"posts {of['statuses']}"
        )
    print(f"p99 attacked to quiet: {found['ratio']:.1f}; server grew by {found['grown_mebibytes']} MiB")
    print("attackers:", ", ".join(f"{name} {count}" for name, count in found["attackers"].items()))
    print("ends of streams:", found["ends"])
    return 0 if not attacked["faults"] and not attacked["closed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
