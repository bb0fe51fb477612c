"""Runs the programs of `clients`."""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "clients"
NAMES = ["websockets", "aiohttp", "node", "gorilla"]


def commands(build_folder):
    """The command line of each client; builds what needs building, once."""
    gorilla = build_folder / "gorilla-client"
    subprocess.run(
        ["go", "build", "-o", str(gorilla), str(FOLDER / "gorilla" / "main.go")], check=True,
        env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""},
    )  # fmt: skip
    return {
        "websockets": [sys.executable, "-B", str(FOLDER / "websockets_client.py")],
        "aiohttp": [sys.executable, "-B", str(FOLDER / "aiohttp_client.py")],
        "node": ["node", str(FOLDER / "node_client.js")],
        "gorilla": [str(gorilla)],
    }


class Client:
    """One running client; `event` gives what it printed next."""

    def __init__(self, command, url, token=None, version=None):
        self.process = subprocess.Popen(
            [*command, url, *filter(None, (token, version))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
        )  # fmt: skip
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put({"event": "ended"})

    def event(self, seconds=20):
        return self.lines.get(timeout=seconds)

    def message(self):
        event = self.event()
        assert event["event"] == "message", event
        return json.loads(event["data"])

    def close(self):
        self.process.stdin.write("close\n")
        self.process.stdin.flush()

    def end(self):
        self.process.kill()
        self.process.wait()
