"""What is TLS and what is not: the public listener, the plain one beside it, and the one for metrics."""

import pytest
import requests
from support.certificates import TLS
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import free_port
from support.streams import receive
from support.tokens import bearer
from websockets.sync.client import connect


class PlainSide:
    """The plain listener of a server, for RawSocket."""

    tls = None

    def __init__(self, server):
        self.port = server.plain_port


@pytest.fixture
def tls(authority):
    return TLS(authority, authority.issue())


def test_the_plain_listener_has_all_routes(serve, tls):
    server = serve(tls=tls, plain_listener=True, args=["--demo"])
    shop = server.shops[0]
    for path in ("/", "/openapi.json", "/healthz", "/readyz", "/metrics", f"/api/v1/shops/{shop.id}/messages"):
        answers = [
            requests.get(server.plain_url(path), headers=bearer(shop.member), timeout=10),
            server.request("GET", path, shop.member),
        ]
        assert [answer.status_code for answer in answers] == [200, 200], path
    address = server.plain_url(f"/api/v1/shops/{shop.id}/messages/stream").replace("http", "ws")
    with connect(address, additional_headers=bearer(shop.member), proxy=None) as plain, RawSocket(server) as secure:
        secure.opened(shop.id, shop.admin)
        message = shop.post("for both")
        assert receive(plain) == message and message["id"].encode() in secure.frame()[1]
        body = {"shop_id": shop.id, "message": "by the plain one"}
        headers = bearer(shop.admin)
        posted = requests.post(server.plain_url("/api/v1/shops/messages"), json=body, headers=headers, timeout=10)
        assert posted.status_code == 201
        assert receive(plain)["message"] == "by the plain one"
        assert b"by the plain one" in secure.frame()[1]


def test_pages_may_read_what_the_plain_listener_answers(serve, tls):
    # A proxy on this machine that speaks TLS to browsers connects there.
    origin = "https://app.example"
    server = serve(tls=tls, plain_listener=True, env={"WEBSOCKET_ALLOWED_ORIGINS": origin})
    shop = server.shops[0]
    url = server.plain_url(f"/api/v1/shops/{shop.id}/messages")
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    answers = [
        requests.get(url, headers={**bearer(shop.member), "Origin": origin}, timeout=10),
        requests.get(url, headers={"Origin": origin}, timeout=10),
        requests.options(url, headers=asked, timeout=10),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 204]
    assert [answer.headers.get("Access-Control-Allow-Origin") for answer in answers] == [origin] * 3
    elsewhere = requests.get(url, headers={**bearer(shop.member), "Origin": "https://evil.example"}, timeout=10)
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


def test_a_client_that_speaks_tls_to_the_plain_listener_is_refused_and_harms_no_other(serve, tls):
    server = serve(tls=tls, plain_listener=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(server.plain_url("/healthz").replace("http", "https"), timeout=30, verify=server.verify)
    assert requests.get(server.plain_url("/healthz"), timeout=10).status_code == 200
    server.must_serve()


def test_both_listeners_stop_together(serve, tls):
    server = serve(tls=tls, plain_listener=True)
    with RawSocket(PlainSide(server)) as plain, RawSocket(server) as secure:
        for raw in (plain, secure):
            raw.opened(server.shops[0].id, server.shops[0].member)
        server.process.terminate()
        assert [raw.close_code() for raw in (plain, secure)] == [1001, 1001]
    assert server.wait(10) == 0


def test_the_limit_of_streams_counts_both_listeners(serve, tls):
    server = serve(tls=tls, plain_listener=True, env={"WEBSOCKET_MAX_CONNECTIONS_PER_USER": "2"})
    shop = server.shops[0]
    with RawSocket(PlainSide(server)) as plain, RawSocket(server) as secure:
        for raw in (plain, secure):
            raw.opened(shop.id, shop.member)
        for side in (PlainSide(server), server):
            with RawSocket(side) as raw:
                assert raw.upgrade(shop.id, shop.member)[0] == 429
    wait_until(lambda: server.open_streams() == 0, what="the quota slots are released")


def test_the_metrics_listener_stays_plain(serve, tls):
    port = free_port()
    server = serve(tls=tls, env={"SHOPSTREAM_METRICS_LISTEN": f"127.0.0.1:{port}"})
    answer = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
    assert answer.status_code == 200
    for name in ("shopstream_tls_handshakes_total", "shopstream_tls_handshakes_in_progress",
                 "shopstream_tls_certificate_expiry_timestamp_seconds",
                 "shopstream_tls_certificate_reloads_total"):  # fmt: skip
        assert f"\n# TYPE {name} " in answer.text, name
    assert server.request("GET", "/metrics").status_code == 404


def refused(server):
    assert server.launch().wait(15) == 78
    log = server.log()
    assert len(log.splitlines()) == 1, "one clear error"
    return log


def test_a_plain_listener_without_tls_is_refused(serve):
    log = refused(serve(ready=False, tls=False, plain_listener=True))
    assert "SHOPSTREAM_LISTEN_PLAIN" in log and "only with TLS" in log


@pytest.mark.parametrize("address", ["8080x", "127.0.0.1:99999", "nonsense:80:80"])
def test_a_bad_address_of_the_plain_listener_is_refused(serve, tls, address):
    log = refused(serve(ready=False, tls=tls, env={"SHOPSTREAM_LISTEN_PLAIN": address}))
    assert "SHOPSTREAM_LISTEN_PLAIN" in log and address in log


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "0.0.0.0:{}", "localhost:{}"])
def test_the_address_of_another_listener_is_refused(serve, tls, address):
    for other in ("SHOPSTREAM_LISTEN", "SHOPSTREAM_METRICS_LISTEN"):
        server = serve(ready=False, tls=tls)
        port = server.port if other == "SHOPSTREAM_LISTEN" else free_port()
        if other == "SHOPSTREAM_METRICS_LISTEN":
            server.env[other] = f"127.0.0.1:{port}"
        server.env["SHOPSTREAM_LISTEN_PLAIN"] = address.format(port)
        log = refused(server)
        assert "SHOPSTREAM_LISTEN_PLAIN" in log and other in log


PRODUCTION = {"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"}


@pytest.mark.parametrize("address", ["0.0.0.0:{}", "192.0.2.1:{}", "[::]:{}"])
def test_in_production_the_plain_listener_must_be_on_loopback(serve, tls, address):
    env = {**PRODUCTION, "SHOPSTREAM_LISTEN_PLAIN": address.format(free_port())}
    assert "SHOPSTREAM_LISTEN_PLAIN" in refused(serve(ready=False, tls=tls, env=env))


def test_in_production_a_plain_listener_on_loopback_serves(serve, tls):
    server = serve(tls=tls, plain_listener=True, env=PRODUCTION)
    assert requests.get(server.plain_url("/healthz"), timeout=10).status_code == 200
    server.must_serve()
