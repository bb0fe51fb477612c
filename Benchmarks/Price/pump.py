"""The generator of storms and of the highest rate: pump.c, which opens streams and posts, and does little else."""

import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers"))
import peers  # noqa: E402
import runs  # noqa: E402

BINARY = peers.BUILD.parent / "price" / "pump"
POSTER = "poster"
# Streams that may be on their way to being open. Fewer than wait in a listener's queue.
OPENING_MAX = 4_000


def build():
    peers.compile_c([HERE / "pump.c"], BINARY)


def token(user):
    """An HS256 token of the user, good for two hours."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    head = part(b'{"alg":"HS256","typ":"JWT"}')
    body = part(json.dumps({"sub": user, "exp": int(time.time()) + 7_200}).encode())
    signature = hmac.new(runs.SECRET.encode(), head + b"." + body, hashlib.sha256).digest()
    return (head + b"." + body + b"." + part(signature)).decode()


def members(streams, shops):
    """The members file of so many streams, each of a user of its own, dealt out to the shops."""
    lines = [f"shop-{shop},{POSTER},member\n" for shop in range(shops)]
    return "".join(lines + [f"shop-{number % shops},user-{number:08},member\n" for number in range(streams)])


class Pump:
    """The generator as a process, with streams that it opens and holds. `with` starts and ends it."""

    def __init__(self, server, streams, shops, processors):
        self.server = server
        self.file = server.folder / "streams"
        lines = (f"shop-{number % shops} {token(f'user-{number:08}')}\n" for number in range(streams))
        self.file.write_text("".join(lines))
        self.pin = ["taskset", "--cpu-list", processors] if processors is not None else []

    def __enter__(self):
        self.process = subprocess.Popen(
            [*self.pin, str(BINARY), str(self.server.port), str(self.file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def open(self, count, opening=OPENING_MAX, pace=0):
        """Opens further streams: so many at a time, so many a second, or as fast as they go. Returns the time that it
        took, and the generator's CPU time."""
        done = self._command(f"open {count} {opening} {pace}")
        if done["failed"]:
            counts = f"{done['failed']} of {count} streams failed"
            raise peers.PeerError(f"{self.server.name}: {counts}, the first {done['reason']}\n{self.server.log()}")
        return done

    def post(self, seconds, connections, text_bytes):
        """Posts to the shops in turn, each connection with one request in flight."""
        return self._command(f"post {seconds} {connections} {text_bytes} {token(POSTER)}")

    def _command(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self.process.stdout.readline()
        if not answer:
            raise peers.PeerError(f"the pump ended: {self.process.stderr.read()[-1_000:]}\n{self.server.log()}")
        return json.loads(answer)
