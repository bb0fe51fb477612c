"""`openssl s_client`, for what Python's `ssl` cannot choose."""

import queue
import subprocess
import threading
import time


def command(server, *arguments):
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(server.tls.authority_path),
            "-verify_return_error", *arguments]  # fmt: skip


def s_client(server, *arguments, text=""):
    """One connection that sends `text` and ends: (whether the handshake succeeded, what was printed)."""
    done = subprocess.run(
        command(server, *arguments), input=text, capture_output=True, text=True, timeout=30, errors="replace"
    )
    return done.returncode == 0, done.stdout + done.stderr


class Client:
    """`s_client` at work: what is written to it is sent; a line that begins with K, k or R is a command of its own."""

    def __init__(self, server, *arguments):
        self.process = subprocess.Popen(
            command(server, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self.output = b""
        self.pieces = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _read(self):
        while piece := self.process.stdout.read1(65536):
            self.pieces.put(piece)
        self.pieces.put(b"")

    def write(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def wait_for(self, text, seconds=20):
        """Waits for `text` in what is printed from now on; whether it came before the end."""
        deadline = time.monotonic() + seconds
        while text.encode() not in self.output:
            piece = self.pieces.get(timeout=max(0.1, deadline - time.monotonic()))
            if not piece:
                return False
            self.output += piece
        self.output = self.output.split(text.encode(), 1)[1]
        return True

    def wait_for_end(self, seconds=20):
        """Waits for the end of the process; everything that it printed since the last wait."""
        self.process.wait(timeout=seconds)
        while piece := self.pieces.get(timeout=seconds):
            self.output += piece
        return self.output.decode(errors="replace")
