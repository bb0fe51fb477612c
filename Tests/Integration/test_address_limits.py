"""What is counted by address: connections when there is a limit, and attempts without a token; on all reactors as one."""

import requests
from support.deadline import wait_until
from support.rawsocket import RawSocket, close_frame
from support.server import Server
from support.streams import open_stream

MEMBERS = [(f"shop-{number}", f"ada-{number}", "member") for number in range(8)]


def served(tmp_path, **env):
    return Server(tmp_path, members=MEMBERS, env=env, reactors=3)


def is_admitted(server):
    """Whether a new connection is answered; a refused one is closed without a response."""
    with RawSocket(server) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return raw.response() is not None


def test_connections_of_an_address_are_limited_over_all_reactors_streams_included(tmp_path):
    server = served(tmp_path, SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS="6").start()
    try:
        wait_until(lambda: is_admitted(server), what="the start's own requests are over")
        streams = [RawSocket(server).opened(shop, user) for shop, user, _ in MEMBERS[:5]]
        idle = RawSocket(server)
        idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: idle.response() is not None, what="the sixth connection is answered")
        # However often, and whichever reactor takes it: there is no room for a seventh.
        assert not any(is_admitted(server) for _ in range(20))
        idle.socket.close()
        wait_until(lambda: is_admitted(server), what="the idle connection is released")
        # Each end of a stream releases its connection.
        for number, stream in enumerate(streams):
            if number % 2:
                stream.send(close_frame(1000))
                assert stream.close_code() == 1000
            stream.socket.close()
        filled = []

        def is_full_again():
            filled.append(RawSocket(server))
            filled[-1].send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            if filled[-1].response() is None:
                filled.pop()
            return len(filled) == 6

        wait_until(is_full_again, what="all six connections are released")
        assert not is_admitted(server)
        for raw in filled:
            raw.socket.close()
        wait_until(lambda: is_admitted(server), what="there is room again")
        assert server.metric("http_address_limit_refusals_total") >= 21
        assert server.terminate() == 0
    finally:
        server.end()
        print(server.log_tail())


def test_a_trusted_proxys_connections_are_not_limited(tmp_path):
    server = served(tmp_path, SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS="1", SHOPSTREAM_TRUSTED_PROXIES="127.0.0.1")
    try:
        server.start()
        streams = [open_stream(server, shop, user) for shop, user, _ in MEMBERS]
        assert server.open_streams() == len(MEMBERS)
        for stream in streams:
            stream.close()
    finally:
        server.end()
        print(server.log_tail())


def attempt(server, forwarded_for):
    """The status of an upgrade without a token, through a proxy that names the client."""
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "X-Forwarded-For": forwarded_for,
    }  # fmt: skip
    return requests.get(server.url("/api/v1/shops/shop-0/messages/stream"), headers=headers, timeout=10)


def test_attempts_without_a_token_count_by_address_over_all_reactors(tmp_path):
    server = served(tmp_path, WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE="2", SHOPSTREAM_TRUSTED_PROXIES="127.0.0.1")
    try:
        server.start()
        # An address has ten times what a user has: 20 attempts, on whichever reactor each arrives.
        statuses = [attempt(server, "192.0.2.1").status_code for _ in range(24)]
        assert statuses == [401] * 20 + [429] * 4
        refused = attempt(server, "192.0.2.1")
        assert refused.json()["code"] == "too_many_attempts"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert attempt(server, "192.0.2.2").status_code == 401
        # With a port, in a list after other trusted proxies.
        assert attempt(server, "192.0.2.1:40007").status_code == 429
        assert attempt(server, "192.0.2.1, 127.0.0.1").status_code == 429
        # What the client itself wrote comes before what the proxy added, and is ignored.
        assert attempt(server, "192.0.2.9, 192.0.2.1").status_code == 429
    finally:
        server.end()
        print(server.log_tail())


def test_addresses_of_one_ipv6_subnet_count_as_one(tmp_path):
    server = served(tmp_path, WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE="2", SHOPSTREAM_TRUSTED_PROXIES="127.0.0.0/8")
    try:
        server.start()
        addresses = [f"[2001:db8::{number:x}]:4{number:04}" for number in range(24)]
        assert [attempt(server, address).status_code for address in addresses] == [401] * 20 + [429] * 4
        assert attempt(server, "2001:db8:0:1::1").status_code == 401
    finally:
        server.end()
        print(server.log_tail())
