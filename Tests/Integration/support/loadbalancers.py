"""nginx and HAProxy in front of servers, with the configurations of tools/proxies; and what a client sees of them."""

import os
import pathlib
import shutil
import socket
import subprocess

from .deadline import wait_until
from .server import ROOT, Server, free_port
from .certificates import TLS, key_pem

CONFIGURATIONS = ROOT / "tools" / "proxies"
UNPACKED = ROOT / ".build" / "tools"
# Those of the configurations.
PUBLIC_NAME, NODE_NAME = "chat.example", "shopstream.internal"
NODES = ("10.0.0.11:8443", "10.0.0.12:8443")


def replaced(text, values):
    """`text` with other values; each must be in it, so that the tests run what the guide shows."""
    for old, new in values.items():
        assert old in text, f"the configuration has no {old!r}"
        text = text.replace(old, str(new))
    return text


class LoadBalancer(Server):
    """A proxy with TLS on a free port of loopback, before one or two servers whose certificates are verified.

    Its requests and streams are those of a server. `idle_seconds` replaces the timeouts of connections without data.
    """

    def __init__(self, folder, authority, nodes, idle_seconds=60):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        # Workers may run as another user.
        self.folder.chmod(0o755)
        self.host, self.port, self.plain_port = "127.0.0.1", free_port(), None
        self.log_path = self.folder / "proxy.log"
        self.certificate = authority.issue(PUBLIC_NAME, write=False).write_pair(self.folder, PUBLIC_NAME)
        self.tls = TLS(authority, self.certificate)
        self.authority, self.idle_seconds = authority, idle_seconds
        # The second node of the configuration is one that does not run, if there is only one.
        ports = [node.port for node in nodes] + [free_port()]
        self.node_addresses = {address: f"127.0.0.1:{port}" for address, port in zip(NODES, ports)}
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env={"PATH": os.environ["PATH"], **self.environment()}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self.is_listening, 20, "the proxy listens")
        return self

    def is_listening(self):
        assert self.is_alive(), f"the proxy ended:\n{self.log_tail()}"
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def environment(self):
        return {}

    def end(self):
        if self.process and self.is_alive():
            self.process.terminate()
            self.process.wait(timeout=10)


class Nginx(LoadBalancer):
    def command(self):
        text = replaced((CONFIGURATIONS / "nginx.conf").read_text(), {
            **self.node_addresses,
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/etc/nginx/tls/nodes-authority.pem": self.authority.path,
            "/etc/nginx/tls": self.folder,
            "/run/nginx.pid": self.folder / "nginx.pid",
            "/var/log/nginx/error.log": "stderr",
            "/var/log/nginx/access.log": self.folder / "access.log",
            "60s;": f"{self.idle_seconds}s;",
            # A few connections are enough, and the limit of descriptors may be low.
            "worker_rlimit_nofile 200000;": "",
            "worker_connections 100000;": "worker_connections 256;",
            "worker_processes auto;": "worker_processes 2;",
        })  # fmt: skip
        (self.folder / "nginx.conf").write_text(text)
        program = str(UNPACKED / "nginx" / "usr" / "sbin" / "nginx")
        return [program, "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf", "-g", "daemon off;"]

    def access_log(self):
        return (self.folder / "access.log").read_text()


class HAProxy(LoadBalancer):
    def command(self):
        pair = self.folder / f"{PUBLIC_NAME}.pem"
        pair.write_bytes(self.certificate.chain_pem + key_pem(self.certificate.key))
        text = replaced((CONFIGURATIONS / "haproxy.cfg").read_text(), {
            **self.node_addresses,
            "bind :443": f"bind 127.0.0.1:{self.port}",
            "/etc/haproxy/tls/nodes-authority.pem": self.authority.path,
            "/etc/haproxy/tls": self.folder,
            "log /dev/log local0": "log stdout format raw local0",
            " 60s": f" {self.idle_seconds}s",
            # Also the time that a check may take to connect, which a busy machine needs.
            "inter 2s": "inter 1s",
            "maxconn 100000": "maxconn 256",
            # The user that runs the tests.
            "    user haproxy\n    group haproxy\n": "",
        })  # fmt: skip
        (self.folder / "haproxy.cfg").write_text(text)
        root = UNPACKED / "haproxy"
        program = root / "usr" / "sbin" / "haproxy"
        return [str(program if program.exists() else shutil.which("haproxy")), "-db", "-f", "haproxy.cfg", "-C",
                str(self.folder)]  # fmt: skip

    def environment(self):
        return {"LD_LIBRARY_PATH": str(next((UNPACKED / "haproxy" / "usr" / "lib").glob("*-linux-gnu"), ""))}

    def access_log(self):
        return self.log()


KINDS = {"nginx": Nginx, "haproxy": HAProxy}
