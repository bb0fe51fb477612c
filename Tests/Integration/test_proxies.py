"""nginx and HAProxy in front of the server, with TLS on both sides and the configurations of tools/proxies."""

import contextlib
import hashlib
import os
import signal
import socket
import threading

import pytest
import requests
from support.certificates import TLS, Authority
from support.deadline import wait_until
from support.images import IMAGE_BYTES_MAX, PNG, fetch, upload
from support.loadbalancers import KINDS, NODE_NAME
from support.postgres import Postgres
from support.rawsocket import PING, PONG, TEXT, RawSocket, frame
from support.server import Server
from support.shops import SHOP_COUNT, shops_of
from support.streams import open_stream, receive, refusal
from support.tlssocket import TLSClient, TLSSocket
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

# The nodes and the proxies have TLS with and without this option.
pytestmark = [pytest.mark.plain, pytest.mark.parametrize("kind", KINDS)]

MEMBERS = [row for shop in shops_of(None, SHOP_COUNT) for row in shop.memberships]


class Site:
    """Servers, each with a certificate of its own, and a proxy before them."""

    def __init__(self, folder, kind, authority, node_count=1, store=None, env=None, node_authority=None, **options):
        self.nodes = []
        for number in range(node_count):
            node_folder = folder / f"node-{number}"
            node_folder.mkdir()
            certificate = (node_authority or authority).issue(NODE_NAME)
            self.nodes.append(Server(
                node_folder, members=MEMBERS, store=store, tls=TLS(node_authority or authority, certificate),
                plain_listener=True,
                env={
                    "SHOPSTREAM_TRUSTED_PROXIES": "127.0.0.1", "SHOPSTREAM_IMAGES": str(folder / "images"),
                    **({"SHOPSTREAM_POSTGRES_SHARED": "true"} if node_count > 1 else {}), **(env or {}),
                },
            ))  # fmt: skip
        self.proxy = KINDS[kind](folder / "proxy", authority, self.nodes, **options)
        # Sites may share a database: each kind has shops of its own.
        self.shops = iter(shops_of(self.proxy, SHOP_COUNT)[list(KINDS).index(kind) :: len(KINDS)])

    def start(self):
        for server in (*self.nodes, self.proxy):
            server.start()
        return self

    def end(self):
        for server in (self.proxy, *self.nodes):
            server.end()
            print(f"--- log of {server.folder.name}\n{server.log_tail() if server.log_path.exists() else ''}")


@pytest.fixture(scope="module")
def database():
    postgres = Postgres(max_connections=60)
    try:
        assert postgres.migrate().returncode == 0
        yield postgres
    finally:
        postgres.remove()


@pytest.fixture(scope="module")
def two_nodes(tmp_path_factory, authority, database):
    """Two nodes that share a database, behind each kind of proxy."""
    with contextlib.ExitStack() as ends:
        sites = {}

        def site(kind):
            if kind not in sites:
                sites[kind] = Site(tmp_path_factory.mktemp(kind), kind, authority, 2, database.uri)
                ends.callback(sites[kind].end)
                sites[kind].start()
            return sites[kind]

        yield site


@pytest.fixture
def shop(two_nodes, kind):
    return next(two_nodes(kind).shops)


@pytest.fixture
def start_site(tmp_path, authority, kind):
    """Starts a site for one test alone."""
    with contextlib.ExitStack() as ends:

        def start(**options):
            site = Site(tmp_path / "site", kind, options.pop("authority", authority), **options)
            ends.callback(site.end)
            return site.start()

        (tmp_path / "site").mkdir()
        yield start


def test_requests_pass(shop):
    sent = [shop.post(f"message {number}")["id"] for number in range(6)]
    assert [message["id"] for message in shop.list()] == sent
    refused = shop.server.try_post(shop.id, shop.outsider, "let me in")
    assert refused.status_code == 403 and refused.json()["code"] == "not_a_member"


def test_streams_of_a_shop_are_on_both_nodes_and_all_receive(two_nodes, kind, shop):
    nodes = two_nodes(kind).nodes
    with contextlib.ExitStack() as ends:
        streams = [ends.enter_context(open_stream(shop.server, shop.id, shop.member)) for _ in range(4)]
        wait_until(lambda: sum(node.open_streams() for node in nodes) == 4, what="all streams are counted")
        assert all(node.open_streams() > 0 for node in nodes), "no client sticks to a node"
        for number in range(3):
            sent = shop.post(f"message {number}")
            assert [receive(stream)["id"] for stream in streams] == [sent["id"]] * 4


def test_a_token_of_a_query_is_in_no_log(two_nodes, kind, shop):
    proxy = two_nodes(kind).proxy
    answer = proxy.request("GET", f"/api/v1/shops/{shop.id}/messages/stream?token=not-for-the-log")
    assert answer.status_code in (400, 401)
    wait_until(lambda: f"/api/v1/shops/{shop.id}/messages/stream" in proxy.access_log(), what="the request is logged")
    assert "not-for-the-log" not in proxy.access_log() + proxy.log()


def test_an_image_passes_whole_both_ways(shop):
    content = PNG + os.urandom(IMAGE_BYTES_MAX - len(PNG))
    image = upload(shop, content)
    answer = fetch(shop, image)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(content).digest()


def test_refusals_of_an_upgrade_pass_with_their_bodies(shop, kind, start_site):
    refused = refusal(shop.server, shop.id, headers={"Authorization": "Bearer nonsense"})
    assert refused.status_code == 401 and b'"code":"' in refused.body
    refused = refusal(shop.server, shop.id, shop.outsider)
    assert refused.status_code == 403 and b'"not_a_member"' in refused.body
    few = start_site(env={"WEBSOCKET_MAX_CONNECTIONS_PER_USER": "1"})
    with open_stream(few.proxy, shop.id, shop.member):
        refused = refusal(few.proxy, shop.id, shop.member)
    assert refused.status_code == 429 and b'"too_many_connections"' in refused.body
    assert int(refused.headers["Retry-After"]) >= 1


def test_pings_keep_a_stream_open_that_is_silent_for_longer_than_the_proxy_allows(start_site):
    site = start_site(env={"WEBSOCKET_PING_PERIOD_SECONDS": "1"}, idle_seconds=3)
    shop = next(site.shops)
    with RawSocket(site.proxy) as stream:
        stream.opened(shop.id, shop.member)
        for _ in range(5):
            opcode, payload = stream.frame()
            assert opcode == PING
            stream.send(frame(PONG, payload))
        message = shop.post("after the silence")
        while (found := stream.frame())[0] == PING:
            stream.send(frame(PONG, found[1]))
        assert found[0] == TEXT and message["id"].encode() in found[1]


def attempt(proxy, source, forwarded_for=None):
    """The status of an upgrade without a token by a client with this address, and what it says of itself."""
    tcp = socket.create_connection((proxy.host, proxy.port), timeout=10, source_address=(source, 0))
    with RawSocket.of(proxy, TLSSocket(tcp, TLSClient(proxy.tls.context)).handshake()) as client:
        headers = {"X-Forwarded-For": forwarded_for, "Forwarded": f"for={forwarded_for}"} if forwarded_for else {}
        return client.upgrade("shop-0", None, headers=headers)[0]


def test_limits_count_the_clients_address_and_believe_no_other(start_site):
    # An address has ten times what a user has: 20 attempts a minute.
    site = start_site(env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "2"})
    statuses = [attempt(site.proxy, "127.0.0.2", f"192.0.2.{number}") for number in range(24)]
    assert statuses == [401] * 20 + [429] * 4
    assert attempt(site.proxy, "127.0.0.2") == 429
    assert attempt(site.proxy, "127.0.0.2", "127.0.0.1") == 429
    assert attempt(site.proxy, "127.0.0.3", "127.0.0.2") == 401, "the proxy's own address is not counted"


def test_a_node_with_a_certificate_of_another_authority_is_not_used(start_site, tmp_path, kind):
    site = start_site(node_authority=Authority(tmp_path, name="Another"))
    assert site.proxy.request("GET", "/readyz").status_code == (502 if kind == "nginx" else 503)
    assert site.nodes[0].request("GET", "/readyz").status_code == 200


class Asking(threading.Thread):
    """Sends requests without a pause, each on a connection of its own; keeps what was not answered as it should."""

    def __init__(self, shop):
        super().__init__()
        self.shop, self.is_over, self.count, self.failures = shop, threading.Event(), 0, []

    def run(self):
        while not self.is_over.is_set():
            try:
                answer = self.shop.server.request("GET", f"/api/v1/shops/{self.shop.id}/messages", self.shop.member)
                if answer.status_code != 200:
                    self.failures.append(answer.status_code)
            except requests.RequestException as failure:
                self.failures.append(repr(failure))
            self.count += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


def close_of(stream):
    """The close code and reason that the server sent."""
    with pytest.raises(ConnectionClosed) as closed:
        stream.recv(timeout=10)
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_a_node_that_drains_hands_its_clients_to_the_other(start_site, database, kind):
    # HAProxy notices by /readyz within the delay, nginx by the first connection that is refused.
    delay = 6 if kind == "haproxy" else 0
    site = start_site(
        node_count=2, store=database.uri,
        env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": "2", "SHOPSTREAM_DRAIN_DELAY_SECONDS": str(delay)},
    )  # fmt: skip
    shop, other = next(site.shops), next(site.shops)
    leaving, staying = site.nodes
    with contextlib.ExitStack() as ends:

        def new_stream():
            return ends.enter_context(open_stream(site.proxy, shop.id, shop.member))

        streams = [new_stream() for _ in range(4)]
        wait_until(lambda: sum(node.open_streams() for node in site.nodes) == 4, what="all streams are counted")
        left_count = leaving.open_streams()
        assert 0 < left_count < 4
        asking = ends.enter_context(Asking(other))
        leaving.signal(signal.SIGTERM)
        if delay:
            wait_until(lambda: "shopstream/node-1 is DOWN" in site.proxy.log(), 20, "the proxy notices the drain")
            streams.append(new_stream())
        assert leaving.wait(30) == 0
        count = asking.count
        wait_until(lambda: asking.count > count + 5, 20, "requests go on")
        assert asking.failures == []

        def ended():
            return [stream for stream in streams if stream.protocol.state is State.CLOSED]

        wait_until(lambda: len(ended()) == left_count, what="the streams of one node, and no others, have ended")
        assert {close_of(stream) for stream in ended()} == {(1012, "server restarting, reconnect in 1 s")}
        going_on = [stream for stream in streams if stream not in ended()] + [new_stream() for _ in range(left_count)]
        assert staying.open_streams() == len(going_on)
        sent = shop.post("to all of them")
        assert {receive(stream)["id"] for stream in going_on} == {sent["id"]}
