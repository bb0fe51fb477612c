"""Fixtures: servers in all settings, and shops that no other test uses."""

import pathlib

import pytest

from support.browser import Browser
from support.server import Server
from support.shops import SHOP_COUNT, shops_of


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
def artifacts():
    """Where pictures and reports go: ignored by git, kept after the run."""
    folder = pathlib.Path(__file__).resolve().parents[2] / ".build" / "tools" / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def browser(tmp_path):
    browser = Browser(tmp_path)
    yield browser
    browser.end()
