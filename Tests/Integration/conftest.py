"""Fixtures: servers in all settings, and shops that no other test uses. `--tls` gives every server TLS, and `--driver` a
driver."""

import os
import pathlib
import shutil
import tempfile

import pytest

from support.browser import Browser
from support.certificates import TLS, Authority, new_tls
from support.server import Server
from support.shops import SHOP_COUNT, shops_of


def pytest_addoption(parser):
    parser.addoption(
        "--tls", action="store_true",
        help="start every server with TLS and speak TLS to it, verified; tests marked `plain` are left out",
    )  # fmt: skip
    parser.addoption("--driver", choices=("uring", "epoll"), help="the driver of every server that a test names none for")


def pytest_configure(config):
    Server.driver_of_all = config.getoption("--driver")
    if not config.getoption("--tls"):
        return
    config.tls_folder = tempfile.mkdtemp(prefix="shopstream-tls-")
    Server.tls_of_all = new_tls(config.tls_folder)
    # By these the libraries that tests and clients use find the authority: OpenSSL and Go, requests, Node.js. Some read
    # them when they are imported, which is later than this.
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        os.environ[name] = str(Server.tls_of_all.authority_path)


def pytest_unconfigure(config):
    if folder := getattr(config, "tls_folder", None):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--tls"):
        left_out = [item for item in items if item.get_closest_marker("plain")]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if not item.get_closest_marker("plain")]


@pytest.fixture
def serve(tmp_path, request):
    """Starts servers; `serve(shops=3, env={…})` gives one with `.shops`. All are ended after the test."""
    started = []

    def start(shops=3, ready=True, **options):
        folder = tmp_path / f"server-{len(started)}"
        folder.mkdir()
        members = [row for shop in shops_of(None, shops) for row in shop.memberships]
        server = Server(folder, members=members + options.pop("members", []), **options)
        server.shops = shops_of(server, shops)
        started.append(server)
        return server.start() if ready else server

    yield start
    for server in started:
        server.end()
        print(f"--- log of the server on port {server.port}\n{server.log_tail() if server.log_path.exists() else ''}")


@pytest.fixture(scope="module")
def common_server(tmp_path_factory):
    """One server for all tests of a file that need no settings of their own."""
    folder = tmp_path_factory.mktemp("common")
    members = [row for shop in shops_of(None, SHOP_COUNT) for row in shop.memberships]
    server = Server(folder, members=members, env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"})
    server.fresh_shops = iter(shops_of(server, SHOP_COUNT))
    server.start()
    yield server
    server.end()


@pytest.fixture
def shop(common_server):
    """A shop of the common server that no other test uses; afterwards the server must be unharmed."""
    yield next(common_server.fresh_shops)
    alive = common_server.is_alive()
    print(f"--- log of the common server\n{common_server.log_tail()}")
    assert alive, "the server ended"


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure_server(tmp_path_factory, authority):
    """One server with TLS, also without `--tls`, for all tests of a file; its plain listener gives the metrics."""
    folder = tmp_path_factory.mktemp("secure")
    members = [row for shop in shops_of(None, SHOP_COUNT) for row in shop.memberships]
    server = Server(
        folder, members=members, tls=TLS(authority, authority.issue()), plain_listener=True,
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0", "SHOPSTREAM_IMAGES": str(folder / "images")},
    )  # fmt: skip
    server.fresh_shops = iter(shops_of(server, SHOP_COUNT))
    yield server.start()
    server.end()


@pytest.fixture
def secure_shop(secure_server):
    """A shop of that server which no other test uses; afterwards the server must serve other clients."""
    yield next(secure_server.fresh_shops)
    print(f"--- log of the server with TLS\n{secure_server.log_tail()}")
    secure_server.must_serve()


@pytest.fixture(scope="session")
def artifacts():
    """Where pictures and reports go: ignored by git, kept after the run."""
    folder = pathlib.Path(__file__).resolve().parents[2] / ".build" / "tools" / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def browser(tmp_path):
    browser = Browser(tmp_path, Server.tls_of_all and Server.tls_of_all.certificate.public_key_hash)
    yield browser
    browser.end()
