"""Changes that operators make, under the load of many TLS streams: a certificate, the issuer's key, the program, a
drain. See README.md.

usage: tools/bench changes [--streams N] [--shops N] [--rate N] [--window S] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "Integration"), str(ROOT / "Benchmarks" / "Price")]
import figures  # noqa: E402
import process  # noqa: E402
from support import activation  # noqa: E402
from support.certificates import TLS, Authority  # noqa: E402
from support.deadline import wait_until  # noqa: E402
from support.issuer import Issuer  # noqa: E402
from support.server import Server, find_binary  # noqa: E402

AUDIENCE, ISSUER = "changes", "https://issuer.example"
STREAMS_PER_USER = 5
# The load goes on for so long after each change, and before the first.
QUIET_SECONDS = 8
# Of the generator: reactors with streams, and streams that may be on their way to being open.
GENERATOR_REACTORS, OPENING = 1, 1_000
RECONNECTS_PER_SECOND_MAX = 5_000
OPEN_SECONDS_MAX, CHANGE_SECONDS_MAX, LOAD_SECONDS_MAX = 60, 60, 240
LOG_LINES = 20


def options_of(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench changes", description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--shops", type=int, default=500)
    parser.add_argument("--rate", type=float, default=100, help="messages a second to all shops together")
    parser.add_argument("--window", type=int, default=10, help="seconds of the drain window")
    parser.add_argument("--quiet-seconds", type=float, default=QUIET_SECONDS, help="between two changes")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    if not 1 <= options.shops <= options.streams <= 15_000 or options.streams % options.shops:
        parser.error("--streams is at most 15,000, and a multiple of --shops")
    return options


class Tokens:
    """The file of tokens that the streams and the writer use: of one key, written again for another."""

    def __init__(self, path, issuer, users):
        self.path, self.issuer, self.users = path, issuer, users

    def write(self, kid):
        beside = self.path.with_suffix(".new")
        with open(beside, "w") as file:
            for user in self.users:
                token = self.issuer.token(user, kid, seconds=24 * 3_600, iss=ISSUER, aud=AUDIENCE)
                file.write(f"{user},{token}\n")
        beside.rename(self.path)


class Nodes:
    """The processes of the server, one after another on a socket that outlives them, and what each counted."""

    def __init__(self, folder, socket, settings):
        self.folder, self.socket, self.settings = folder, socket, settings
        self.started, self.counters, self.peak = [], [], 0
        self.is_over = threading.Event()
        self.watch = threading.Thread(target=self.look, daemon=True)

    def start(self, *arguments):
        folder = self.folder / f"process-{len(self.started) + 1}"
        folder.mkdir()
        server = Server(folder, port=self.socket.getsockname()[1], args=arguments, plain_listener=True, **self.settings)
        self.counters.append({})
        self.started.append(activation.launch(server, self.socket))
        wait_until(lambda: '"listening"' in server.log(), CHANGE_SECONDS_MAX, "the server listens")
        return server

    def look(self):
        """Reads the counters of all that run; the last reading of each stays."""
        while not self.is_over.wait(0.5):
            for number, server in enumerate(self.started):
                try:
                    if server.is_alive():
                        self.counters[number] = server.metrics()
                except OSError:
                    pass  # it has no listener any more, or not yet

    def total(self, name):
        return sum(int(counters.get(name, 0)) for counters in self.counters)

    def end(self):
        self.is_over.set()
        for server in self.started:
            server.end()


class Load:
    """`shopload` with all streams and the writer, until it is interrupted."""

    def __init__(self, options, folder, url, authority, scenario):
        self.report, self.log_path = folder / "report.json", folder / "shopload.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(find_binary("shopload")), "run", *scenario, "--url", url, "--tls-ca", str(authority.path),
                 "--tokens", str(folder / "tokens.csv"), "--rate", f"{options.rate:g}", "--arrival", "poisson",
                 "--duration", str(LOAD_SECONDS_MAX), "--warm-up", "0", "--drain", "30", "--report", str(self.report),
                 "--reconnect", "--reconnects-per-second", str(RECONNECTS_PER_SECOND_MAX), "--opening", str(OPENING),
                 "--reactors", str(GENERATOR_REACTORS), "--writers", "2", "--quiet"],
                env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def finish(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=90)
        if not self.report.exists():
            raise RuntimeError(f"shopload has no report:\n{self.log_path.read_text()}")
        return json.loads(self.report.read_text())["report"]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(options, folder):
    """Makes all changes in turn. Returns the generator's report, the processes, and when each change began and
    ended, in Unix time."""
    authority = Authority(folder)
    pair = (folder / "server.crt", folder / "server.key")
    tls = TLS(authority, authority.issue(write=False).write(*pair))
    issuer = Issuer(authority)
    issuer.document()
    scenario = [
        "many-shops", "--connections", str(options.streams), "--shops", str(options.shops), "--streams-per-user",
        str(STREAMS_PER_USER),
    ]  # fmt: skip
    members = subprocess.run([str(find_binary("shopload")), "members", *scenario], capture_output=True, text=True,
                             check=True).stdout.splitlines()  # fmt: skip
    members = [tuple(line.split(",")) for line in members]
    tokens = Tokens(folder / "tokens.csv", issuer, sorted({user for _, user, _ in members}))
    tokens.write("old")
    changes = []

    def change(name, work):
        began = time.time()
        work()
        changes.append((name, began, time.time()))
        print(f"{name}: {time.time() - began:.1f} s", file=sys.stderr)
        time.sleep(options.quiet_seconds)

    with activation.held_socket() as socket:
        nodes = Nodes(folder, socket, {
            "members": members, "tls": tls, "store": f"sqlite:{folder / 'store.sqlite'}",
            "env": {
                "SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example",
                "AUTH_JWT_SECRET": "", "AUTH_JWKS_URL": f"https://localhost:{issuer.port}/keys.json",
                "AUTH_JWT_ISSUER": ISSUER, "AUTH_JWT_AUDIENCE": AUDIENCE, "SSL_CERT_FILE": str(authority.path),
                "SHOPSTREAM_DRAIN_WINDOW_SECONDS": str(options.window), "SHOPSTREAM_IMAGES": str(folder / "images"),
                "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
            },
        })  # fmt: skip
        nodes.watch.start()
        load = None
        try:
            server = nodes.start()
            load = Load(options, folder, server.url(), authority, scenario)
            opening = time.time()
            wait_until(lambda: server.open_streams() == options.streams, OPEN_SECONDS_MAX, "all streams are open")
            print(f"{options.streams:,} streams are open after {time.time() - opening:.1f} s", file=sys.stderr)
            time.sleep(options.quiet_seconds)
            opened = time.time()

            def certificate():
                authority.issue(write=False).write(*pair)
                server.signal(signal.SIGHUP)
                wait_until(lambda: "certificates read again" in server.log(), 20, "the certificate is read")

            def rotation():
                # The issuer publishes the new key beside the old one, signs with it, and takes the old one away.
                issuer.kids = ["old", "new"]
                issuer.document()
                tokens.write("new")
                fetches = issuer.fetches
                wait_until(lambda: issuer.fetches > fetches, 20, "the server fetches the keys")
                time.sleep(2)  # the generator reads its file once a second
                issuer.kids = ["new"]
                fetches = issuer.fetches
                server.signal(signal.SIGHUP)
                wait_until(lambda: issuer.fetches > fetches, 20, "the server fetches the keys again")

            def is_whole(node):
                return node.open_streams() == options.streams

            def upgrade():
                nonlocal server
                old, server = server, nodes.start("--takeover")
                old.terminate(CHANGE_SECONDS_MAX)
                wait_until(lambda: is_whole(server), CHANGE_SECONDS_MAX, "all streams have come back")

            def drain():
                nonlocal server
                server.terminate(CHANGE_SECONDS_MAX)
                server = nodes.start()
                wait_until(lambda: is_whole(server), CHANGE_SECONDS_MAX, "all streams have come back")

            change("certificate", certificate)
            change("key rotation", rotation)
            change("upgrade", upgrade)
            change("drain", drain)
            report = load.finish()
            time.sleep(1)  # one more reading of the counters
            server.terminate(CHANGE_SECONDS_MAX)
            return report, nodes, [("before", opened - options.quiet_seconds, opened), *changes]
        except BaseException:
            for node in nodes.started:
                print(f"--- {node.folder.name}\n{node.log_tail(LOG_LINES)}", file=sys.stderr)
            if load:
                print(f"--- shopload\n{load.log_path.read_text()[-4_000:]}", file=sys.stderr)
            raise
        finally:
            if load:
                load.end()
            nodes.end()
            issuer.end()


def main(arguments):
    options = options_of(arguments)
    with tempfile.TemporaryDirectory(prefix="changes-") as folder, process.OtherLoad() as other:
        report, nodes, changes = run(options, pathlib.Path(folder))
    found = figures.figures_of(report, nodes, changes, options.quiet_seconds)
    found["other_load"] = other.share
    print(figures.table(found, options))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if found["is_good"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
