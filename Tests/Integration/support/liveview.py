"""Servers with the live view, and what they say of themselves."""

import re

from .deadline import wait_until
from .server import find_binary
from .tokens import ADMIN_SECRET

ENV = {"SHOPSTREAM_ADMIN_SECRET": ADMIN_SECRET}


def get(server, secret=ADMIN_SECRET):
    return server.request("GET", "/admin/figures", headers={"Authorization": f"Bearer {secret}"})


def figures(server):
    answer = get(server)
    assert answer.status_code == 200, answer.text
    return answer.json()


def metrics_port(server):
    """The port of the metrics listener that the kernel chose, which the log names."""
    pattern = re.compile(r'"serving metrics".*?"address":"127\.0\.0\.1:(\d+)"')
    wait_until(lambda: pattern.search(server.log()), 20, "the log names the metrics listener")
    return int(pattern.findall(server.log())[-1])


def top(*arguments):
    """The command that shows the live view in a terminal."""
    return [str(find_binary()), "top", *arguments]


def top_environment(server, **env):
    """Its environment: the secret, and whom it trusts."""
    trust = {"SSL_CERT_FILE": str(server.tls.authority_path)} if server.tls else {}
    return {"TERM": "xterm", **ENV, **trust, **env}
