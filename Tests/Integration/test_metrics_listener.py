"""`SHOPSTREAM_METRICS_LISTEN`: a listener of its own for the metrics, which the public one then does not have."""

import signal
import socket
import types

import pytest
import requests
from support.deadline import wait_until
from support.liveview import metrics_port
from support.rawsocket import RawSocket
from support.server import free_port

LISTEN = {"SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:0"}
CONNECTIONS = 32  # of the metrics listener
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def get(port, path="/metrics", method="GET", **options):
    return requests.request(method, f"http://127.0.0.1:{port}{path}", timeout=10, **options)


def raw(port):
    return RawSocket(types.SimpleNamespace(port=port))


def test_the_metrics_move_to_their_own_listener(serve):
    server = serve(env=LISTEN)
    shop = server.shops[0]
    port = metrics_port(server)
    shop.post("counted")
    answer = get(port)
    assert answer.status_code == 200 and "\nshopstream_store_messages_total 1\n" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert get(port, method="HEAD").status_code == 200
    refused = server.request("GET", "/metrics")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    for path in ("/healthz", "/readyz"):
        assert get(port, path).status_code == 200
        assert server.request("GET", path).status_code == 200


def test_the_metrics_listener_has_three_routes(serve):
    server = serve(env={**LISTEN, "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"})
    shop = server.shops[0]
    port = metrics_port(server)
    for path in (
        "/", "/openapi.json", "/api/v1/health/websocket", f"/api/v1/shops/{shop.id}/messages",
        f"/api/v1/shops/{shop.id}/messages/stream",
    ):  # fmt: skip
        assert get(port, path).status_code == 404, path
    with raw(port) as client:
        assert client.upgrade(shop.id, shop.member)[0] == 404
    posted = get(port, "/api/v1/shops/messages", "POST", json={"shop_id": shop.id, "message": "x"})
    assert posted.status_code == 404
    assert get(port, method="POST").status_code == 405
    for method in ("GET", "OPTIONS"):
        answer = get(port, method=method, headers={"Origin": "https://app.example"})
        assert not any(name.lower().startswith("access-control-") for name in answer.headers), method
    assert shop.server.list(shop.id, shop.member) == []


def test_every_client_of_the_listener_reads_in_production(serve):
    server = serve(env={
        **LISTEN, "SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example",
    })  # fmt: skip
    port = metrics_port(server)
    assert get(port, headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200
    assert server.request("GET", "/metrics").status_code == 404


def test_a_full_public_listener_keeps_no_scraper_out(serve):
    server = serve(reactors=1, env={
        **LISTEN, "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR": "512", "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "10000",
        "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
    })  # fmt: skip
    shop = server.shops[0]
    port = metrics_port(server)
    held = []
    try:
        while True:
            stream = RawSocket(server)
            held.append(stream)
            if stream.upgrade(shop.id, shop.member)[0] != 101:
                break
        # The descriptors that are left are for answers; heads that do not end take those too.
        for _ in range(64):
            client = RawSocket(server)
            client.send(b"GET /healthz HTTP/1.1\r\n")
            held.append(client)
        for _ in range(2 * CONNECTIONS):
            assert get(port).status_code == 200
        assert get(port, "/readyz").status_code == 200
    finally:
        for client in held:
            client.socket.close()


def test_many_connections_of_scrapers(serve):
    server = serve(env={**LISTEN, "SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS": "1"})
    port = metrics_port(server)
    idle = []
    kept = 0
    try:
        # Idle connections are kept until few descriptors are left, then answered and ended.
        for _ in range(2 * CONNECTIONS):
            client = raw(port)
            idle.append(client)
            client.send(GET)
            status, headers, _ = client.response()
            assert status == 200
            if headers.get("connection") == "close":
                client.socket.close()
            else:
                kept += 1
        assert CONNECTIONS // 2 <= kept < CONNECTIONS
        assert get(port).status_code == 200
    finally:
        for client in idle:
            client.socket.close()

    def is_kept():
        with raw(port) as client:
            client.send(GET)
            return client.response()[1].get("connection") != "close"

    wait_until(is_kept, what="the descriptors of the ended connections are free again")


def test_a_drain_answers_the_requests_in_flight_and_ends_the_rest(serve):
    server = serve(env=LISTEN)
    port = metrics_port(server)
    scraper, probe, idle = raw(port), raw(port), raw(port)
    scraper.begin_after_answer(b"GET /metrics HTTP/1.1\r\n")
    probe.begin_after_answer(b"GET /readyz HTTP/1.1\r\n")
    idle.begin_after_answer(b"")
    server.signal(signal.SIGTERM)
    assert idle.is_at_end()

    def is_refused():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10):
                return False
        except ConnectionRefusedError:
            return True

    wait_until(is_refused, what="the metrics listener is closed")
    for client, expected in ((scraper, 200), (probe, 503)):
        client.send(b"Host: x\r\n\r\n")
        status, headers, _ = client.response()
        assert (status, headers["connection"]) == (expected, "close")
        client.socket.close()
    idle.socket.close()
    assert server.wait() == 0


@pytest.mark.parametrize("listen", ["127.0.0.1:{}", "0.0.0.0:{}", "localhost:{}"])
def test_the_public_address_is_refused(serve, listen):
    server = serve(ready=False)
    server.env["SHOPSTREAM_METRICS_LISTEN"] = listen.format(server.port)
    assert server.launch().wait() == 78
    assert "SHOPSTREAM_METRICS_LISTEN" in server.log() and "SHOPSTREAM_LISTEN's" in server.log()


def test_an_address_in_use_is_refused_unless_the_server_takes_over(serve):
    env = {"SHOPSTREAM_METRICS_LISTEN": f"127.0.0.1:{free_port()}"}
    first = serve(env=env)
    second = serve(ready=False, env=env).launch()
    assert second.wait() == 71
    assert f"SHOPSTREAM_METRICS_LISTEN='{env['SHOPSTREAM_METRICS_LISTEN']}'" in second.log()
    assert "in use" in second.log() and "--takeover" in second.log()
    assert get(metrics_port(first)).status_code == 200
    third = serve(env=env, args=["--takeover"])
    assert first.terminate() == 0
    assert get(metrics_port(third)).status_code == 200
    assert third.terminate() == 0
