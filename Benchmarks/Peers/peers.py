"""The servers that are compared: how each is built, started on loopback, and ended. See README.md."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BUILD = ROOT / ".build" / "tools" / "peers"
NGINX_ROOT = ROOT / ".build" / "tools" / "nginx"
# Where Debian's Go packages put their sources.
GO_PATH = pathlib.Path("/usr/share/gocode")
READY_SECONDS_MAX = 20


class PeerError(Exception):
    """A server that cannot be built or does not start; says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def commit():
    """The commit that this project's programs were built from, marked when the tree has changed since."""
    run = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return run.stdout.strip()


def c_compiler():
    """Swift's own clang, so that the two sides are made by one compiler; else what the system has."""
    return shutil.which("clang") or shutil.which("cc")


def compile_c(sources, binary, *libraries):
    """Builds a program; raises PeerError. Another process may build or run the same one at the time."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    made = binary.with_name(f"{binary.name}.{os.getpid()}")
    run = subprocess.run(
        [c_compiler(), "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made),
         *sorted(map(str, sources)), *libraries],
        capture_output=True, text=True,
    )  # fmt: skip
    if run.returncode:
        raise PeerError(f"{binary.name} does not build:\n{run.stderr}")
    made.replace(binary)


class Peer:
    """A server as a process of its own, in a temporary folder, with a log there. `with` starts and ends it.

    `processors` is a list for taskset, such as `0`; None leaves the process where the system puts it. `members` is the
    text of a members file, for servers that look at it.
    """

    name = ""
    # A server that reads much at its start takes longer.
    ready_seconds_max = READY_SECONDS_MAX

    def __init__(self, secret, processors=None, members=""):
        self.secret = secret
        self.processors = processors
        self.members = members
        self.port = free_port()
        self.process = None

    # What each server says about itself

    @classmethod
    def is_available(cls):
        """Whether what it needs is installed."""
        raise NotImplementedError

    @classmethod
    def build(cls):
        """Builds it when it has to be; raises PeerError."""

    @classmethod
    def version(cls):
        """The version that a report names."""
        raise NotImplementedError

    def command(self):
        """The command line, after what it reads was written into `self.folder`."""
        raise NotImplementedError

    def environment(self):
        return {}

    def serving_pid(self):
        """The process that holds the connections."""
        return self.process.pid

    # Its life

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"peer-{self.name}-"))
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._end()

    def _start(self):
        pin = ["taskset", "--cpu-list", self.processors] if self.processors is not None else []
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                pin + self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], **self.environment()},
            )  # fmt: skip
        deadline = time.monotonic() + self.ready_seconds_max
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise PeerError(f"{self.name} does not start:\n{self.log()}")
            time.sleep(0.05)

    def _is_ready(self):
        try:
            with urllib.request.urlopen(self.url("/healthz"), timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def stream_url(self, shop, token):
        return f"ws://127.0.0.1:{self.port}/api/v1/shops/{shop}/messages/stream?token={token}"

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-4_000:]


class Shopstream(Peer):
    """This project's server, with its store in memory: the peers keep nothing either."""

    name = "shopstream"
    binary = ROOT / ".build" / "release" / "shopstream"

    @classmethod
    def is_available(cls):
        return cls.binary.exists()

    @classmethod
    def version(cls):
        return commit()

    def command(self):
        (self.folder / "members.csv").write_text(self.members)
        members = ["--members", "members.csv"] if self.members else []
        reactors = ["--reactors", "1"] if self.processors and self.processors.isdigit() else []
        listen = ["--listen", f"127.0.0.1:{self.port}"]
        return [str(self.binary), "serve", *listen, "--store", "memory:", "--log-level", "error", *members, *reactors]

    def environment(self):
        return {
            "AUTH_JWT_SECRET": self.secret,
            "SHOPSTREAM_MODE": "development",
            "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "65535",
            "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
            "SHOPSTREAM_WRITES_PER_SECOND": "0",
        }


class Reference(Peer):
    """The classic design in Go."""

    name = "reference"
    binary = BUILD / "reference"

    @classmethod
    def is_available(cls):
        packages = ("gin-gonic/gin", "gorilla/websocket", "google/uuid", "lib/pq")
        return shutil.which("go") and all((GO_PATH / "src" / "github.com" / name).is_dir() for name in packages)

    @classmethod
    def build(cls):
        cls.binary.parent.mkdir(parents=True, exist_ok=True)
        run = subprocess.run(
            ["go", "build", "-o", str(cls.binary), "."], cwd=HERE / "reference", capture_output=True, text=True,
            env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOFLAGS": ""},
        )  # fmt: skip
        if run.returncode:
            raise PeerError(f"the reference does not build:\n{run.stderr}")

    @classmethod
    def version(cls):
        return subprocess.run(["go", "version"], capture_output=True, text=True).stdout.split()[2]

    def command(self):
        return [str(self.binary), "-listen", f"127.0.0.1:{self.port}"]

    def environment(self):
        return {"AUTH_JWT_SECRET": self.secret}


class Floor(Peer):
    """The least that a correct server can do, in C: no token, no store."""

    name = "floor"
    binary = BUILD / "floor"

    @classmethod
    def is_available(cls):
        return c_compiler() is not None

    @classmethod
    def build(cls):
        compile_c((HERE / "floor").glob("*.c"), cls.binary, "-lcrypto")

    @classmethod
    def version(cls):
        return commit()

    def command(self):
        return [str(self.binary), "-listen", f"127.0.0.1:{self.port}"]


class Nchan(Peer):
    """nginx with nchan: the system's when it has the module, else the one that tools/lib.sh unpacks."""

    name = "nchan"
    module = "usr/lib/nginx/modules/ngx_nchan_module.so"

    @classmethod
    def root(cls):
        for folder in (NGINX_ROOT, pathlib.Path("/")):
            if (folder / cls.module).exists() and (folder / "usr/sbin/nginx").exists():
                return folder
        return None

    @classmethod
    def is_available(cls):
        return cls.root() is not None

    @classmethod
    def version(cls):
        run = subprocess.run([str(cls.root() / "usr/sbin/nginx"), "-v"], capture_output=True, text=True)
        return run.stderr.strip().rpartition("/")[2]

    def command(self):
        text = (HERE / "nchan" / "nginx.conf.template").read_text()
        values = {"@PORT@": self.port, "@WORKERS@": 1, "@MODULES@": (self.root() / self.module).parent}
        for name, value in values.items():
            text = text.replace(name, str(value))
        (self.folder / "nginx.conf").write_text(text)
        # A master that was started by root runs its worker as another user.
        self.folder.chmod(0o755)
        return [str(self.root() / "usr/sbin/nginx"), "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf"]

    def serving_pid(self):
        """The worker; the master only waits."""
        for task in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                text = task.read_text()
                fields = text.rpartition(")")[2].split()
                title = (task.parent / "cmdline").read_text()
            except OSError:
                continue  # ended meanwhile
            if int(fields[1]) == self.process.pid and "worker" in title:
                return int(task.parent.name)
        raise PeerError(f"nginx has no worker:\n{self.log()}")


ALL = (Shopstream, Reference, Nchan)
