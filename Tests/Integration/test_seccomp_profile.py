"""The seccomp profile of containers (tools/packaging/seccomp.json): the server works under it on both drivers, and little
else does."""

import os
import pathlib
import signal
import subprocess

import pytest
from support.certificates import TLS
from support.collector import Collector
from support.deadline import wait_until
from support.images import upload
from support.issuer import Issuer
from support.server import ROOT, Server, find_binary
from support.shops import shops_of
from support.stores import STORES
from support.streams import close_code, open_stream, receive

PROFILE = ROOT / "tools" / "packaging" / "seccomp.json"
FOLDER = pathlib.Path(__file__).parent
# Debian's interpreter, which has the module of libseccomp.
PYTHON = "/usr/bin/python3"


def confined(action, *command):
    return [PYTHON, "-m", "support.seccompprofile", str(PROFILE), action, *command]


@pytest.fixture(autouse=True)
def libseccomp():
    if subprocess.run([PYTHON, "-c", "import seccomp"], capture_output=True).returncode != 0:
        pytest.skip("no python3-seccomp here")


class ConfinedServer(Server):
    """A server that any call ends which the profile does not allow."""

    def launch(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                confined("kill", str(find_binary()), *self.args), env={**self.env, "PYTHONPATH": str(FOLDER)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self


@pytest.fixture
def issuer(authority):
    issuer = Issuer(authority)
    yield issuer
    issuer.end()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.end()


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    with STORES[request.param](tmp_path) as store:
        yield store


@pytest.fixture(params=["uring", "epoll"])
def server(request, store, tmp_path, authority, issuer, collector):
    """With what makes a server call others: keys of an issuer, and traces."""
    members = [row for shop in shops_of(None, 4) for row in shop.memberships]
    env = {
        "SHOPSTREAM_DRIVER": request.param, "SHOPSTREAM_IMAGES": str(tmp_path / "images"),
        "AUTH_JWKS_URL": f"https://localhost:{issuer.port}/keys.json", "SSL_CERT_FILE": str(authority.path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": "1",
    }  # fmt: skip
    server = ConfinedServer(tmp_path, members=members, store=store, tls=TLS(authority, authority.issue()), env=env)
    try:
        yield server.start()
    finally:
        server.end()
        print(server.log_tail())


def test_streams_requests_images_keys_traces_reload_and_stop_need_no_more(server, issuer, collector):
    shops = shops_of(server, 4)
    streams = [open_stream(server, shop.id, shop.member) for shop in shops]
    for shop, stream in zip(shops, streams):
        sent = shop.post("hello")
        assert receive(stream)["id"] == sent["id"]
        assert [message["id"] for message in shop.list()] == [sent["id"]]
    image = upload(shops[0])["image_url"]
    assert server.request("GET", image, shops[0].member).status_code == 200
    assert server.open_streams() == 4
    fetches = issuer.fetches
    server.signal(signal.SIGHUP)
    wait_until(lambda: '"members read again"' in server.log(), 10, "the reload is logged")
    wait_until(lambda: issuer.fetches > fetches, 15, "the keys are fetched again")
    wait_until(collector.spans, 20, "traces are exported")
    server.signal(signal.SIGTERM)
    assert [close_code(stream) for stream in streams] == [1001] * 4
    assert server.wait() == 0


@pytest.mark.parametrize(
    "command",
    [
        ["unshare", "--net", "true"],
        [PYTHON, "-c", "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"],
        [PYTHON, "-c", "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"],
    ],
    ids=["namespaces", "raw-sockets", "real-time"],
)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may call these without the profile")
def test_what_the_server_does_not_need_is_refused(command):
    options = {"env": {**os.environ, "PYTHONPATH": str(FOLDER)}, "capture_output": True, "text": True, "timeout": 20}
    assert subprocess.run(command, **options).returncode == 0
    refused = subprocess.run(confined("errno", *command), **options)
    assert refused.returncode != 0 and "not permitted" in refused.stderr
