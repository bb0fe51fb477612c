"""The real server, as a process of its own on a free loopback port."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import requests

from .deadline import wait_until
from .tokens import SECRET, bearer

ROOT = pathlib.Path(__file__).resolve().parents[3]


def find_binary(name="shopstream"):
    """The release binary: SHOPSTREAM_BIN, else the newest that was built."""
    if name == "shopstream" and os.environ.get("SHOPSTREAM_BIN"):
        return pathlib.Path(os.environ["SHOPSTREAM_BIN"])
    built = sorted(ROOT.glob(f".build*/release/{name}"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise RuntimeError(f"no release build of {name}: run `swift build -c release --product {name}`")
    return built[-1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`shopstream serve` in `folder`, which holds its store, its members and its log.

    `members` is a list of (shop, user, role). `env` adds to the environment, which is otherwise empty but for the
    path, so that nothing of the machine's leaks in; but tests post faster than a user may, so that users have no rate
    of writes unless `env` sets one (an empty `SHOPSTREAM_WRITES_PER_SECOND` is the default). Streams end all at once
    when the server stops, as most tests need no window.

    `tls` is what it is started with (`support.certificates.TLS`), False for none; the default is `Server.tls_of_all`,
    which `pytest --tls` sets. With `plain_listener` it listens without TLS on `plain_port` too, where `metrics` asks.
    `driver_of_all` is the driver of every server that `env` names none for, which `pytest --driver` sets. `prefix` are the
    first words of the command, of a program that becomes the server.
    """

    tls_of_all = None
    driver_of_all = None

    def __init__(self, folder, members=(), env=None, args=(), reactors=2, store=None, host="127.0.0.1", port=None,
                 tls=None, plain_listener=False, prefix=()):  # fmt: skip
        self.folder = pathlib.Path(folder)
        self.host = host
        self.port = port or free_port()
        self.tls = self.tls_of_all if tls is None else tls or None
        self.plain_port = free_port() if plain_listener else None
        self.log_path = self.folder / "server.log"
        members_path = self.folder / "members.csv"
        members_path.write_text("".join(f"{shop},{user},{role}\n" for shop, user, role in members))
        self.env = {
            "PATH": os.environ["PATH"],
            "AUTH_JWT_SECRET": SECRET,
            "SHOPSTREAM_MODE": "development",
            "SHOPSTREAM_WRITES_PER_SECOND": "0",
            "SHOPSTREAM_DRAIN_WINDOW_SECONDS": "0",
            **(self.tls.env if self.tls else {}),
            **({"SHOPSTREAM_DRIVER": self.driver_of_all} if self.driver_of_all else {}),
            **({"SHOPSTREAM_LISTEN_PLAIN": f"127.0.0.1:{self.plain_port}"} if plain_listener else {}),
            **(env or {}),
        }
        self.store = store or f"sqlite:{self.folder / 'shopstream.sqlite'}"
        self.args = [
            "serve", "--listen", f"{host}:{self.port}", "--store", self.store, "--reactors", str(reactors),
            *(["--members", str(members_path)] if members else []), *args,
        ]  # fmt: skip
        self.prefix = prefix
        self.process = None

    # Its life

    def launch(self):
        """Starts the process and returns at once."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(find_binary()), *self.args], env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log,
            )  # fmt: skip
        return self

    def start(self):
        """Starts the process and waits until it is ready."""
        self.launch()

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                return requests.get(self.url("/readyz"), timeout=2, verify=self.verify).status_code == 200
            except requests.RequestException:
                return False

        wait_until(ready, 20, "the server is ready")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10):
        """Waits for the end of the process and returns its exit status."""
        return self.process.wait(timeout=seconds)

    def terminate(self, seconds=10):
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """kill -9: no chance to write anything more."""
        self.process.kill()
        return self.wait()

    def end(self):
        """Ends the process whatever its state: for the fixtures."""
        if self.process and self.process.poll() is None:
            self.kill()

    def is_alive(self):
        return self.process.poll() is None

    def must_serve(self):
        """Fails unless the process runs and answers on a new connection."""
        assert self.is_alive(), f"the server ended with {self.process.returncode}:\n{self.log_tail()}"
        assert self.request("GET", "/readyz").status_code == 200

    # What can be seen of it

    @property
    def verify(self):
        """What `requests` verifies the server by."""
        return str(self.tls.authority_path) if self.tls else True

    def url(self, path=""):
        return f"http{'s' if self.tls else ''}://{self.host}:{self.port}{path}"

    def plain_url(self, path=""):
        return f"http://127.0.0.1:{self.plain_port}{path}"

    def stream_url(self, shop, token=None):
        path = f"/api/v1/shops/{shop}/messages/stream" + (f"?token={token}" if token else "")
        return f"ws{'s' if self.tls else ''}://{self.host}:{self.port}{path}"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def metrics(self):
        """The samples of /metrics, `name{labels}` → value."""
        samples = {}
        url = self.plain_url("/metrics") if self.plain_port else self.url("/metrics")
        for line in requests.get(url, timeout=5, verify=self.verify).text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples

    def metric(self, name, /, **labels):
        """The sum of the samples of `name` that carry these labels; 0 when there is none."""
        total = 0.0
        for key, value in self.metrics().items():
            base, _, rest = key.partition("{")
            if base == name and all(f'{label}="{text}"' in rest for label, text in labels.items()):
                total += value
        return total

    def open_streams(self):
        return int(self.metric("websocket_connections_total"))

    # Requests

    def request(self, method, path, user=None, **options):
        """A request by `user`; every one on a connection of its own."""
        headers = {**(bearer(user) if user else {}), **options.pop("headers", {})}
        options = {"verify": self.verify, "timeout": 15, **options}
        return requests.request(method, self.url(path), headers=headers, **options)

    def post(self, shop, user, text, **more):
        """Posts a message and returns it; fails when it was refused."""
        answer = self.try_post(shop, user, text, **more)
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
        return answer.json()["data"]

    def try_post(self, shop, user, text, **more):
        return self.request("POST", "/api/v1/shops/messages", user, json={"shop_id": shop, "message": text, **more})

    def list(self, shop, user, **query):
        """All messages of the shop (after `since`), page after page."""
        messages = []
        key = "updated_at" if "since" in query else "created_at"  # what the list is in the order of
        while True:
            page = self.request("GET", f"/api/v1/shops/{shop}/messages", user, params=query)
            assert page.status_code == 200, f"{page.status_code} {page.text}"
            body = page.json()
            messages += body["data"]
            if not body["has_more"]:
                return messages
            query["since"] = messages[-1][key] or messages[-1]["created_at"]
            key = "updated_at"
