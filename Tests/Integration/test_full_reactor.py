"""A reactor whose descriptors are all but used up: streams are refused with 503, other requests are answered."""

import json

import pytest
from support.rawsocket import RawSocket

CAPACITY = 512
RESERVE = 32  # the last ones answer and end


@pytest.fixture
def full(serve):
    """A server with one reactor, and as many streams as it takes: the first refusal ends the filling."""
    server = serve(reactors=1, env={
        "SHOPSTREAM_MAX_CONNECTIONS_PER_REACTOR": str(CAPACITY),
        "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "10000",
        "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
    })  # fmt: skip
    shop = server.shops[0]
    streams = []
    while len(streams) <= CAPACITY:
        stream = RawSocket(server)
        answer = stream.upgrade(shop.id, shop.member)
        if answer is None or answer[0] != 101:
            stream.socket.close()
            break
        streams.append(stream)
    yield server, streams, answer
    for stream in streams:
        stream.socket.close()


def is_server_full(answer):
    status, headers, body = answer
    assert (status, json.loads(body)["code"]) == (503, "server_full")
    assert int(headers["retry-after"]) >= 1
    assert headers["connection"] == "close"
    return True


def test_a_full_reactor_refuses_streams_and_answers_every_other_request(full):
    server, streams, first_refusal = full
    shop = server.shops[0]
    assert is_server_full(first_refusal)
    assert CAPACITY - 2 * RESERVE < len(streams) <= CAPACITY - RESERVE
    for attempt in range(2 * RESERVE):  # refused connections release their descriptors
        with RawSocket(server) as raw:
            assert is_server_full(raw.upgrade(shop.id, shop.admin)), attempt
        assert server.request("GET", "/healthz").status_code == 200
    assert server.request("GET", "/readyz").status_code == 200
    assert server.metric("websocket_upgrade_failures_total", status="503") == 1 + 2 * RESERVE
    message = shop.post("there is room for this")
    for stream in streams:
        assert json.loads(stream.frame()[1]) == message


def test_a_released_descriptor_is_used_again(full):
    server, streams, _ = full
    shop = server.shops[0]
    for stream in streams[:RESERVE]:
        stream.socket.close()
    opened = []
    # A closed connection releases its descriptor a moment later.
    while len(opened) < RESERVE // 2:
        stream = RawSocket(server)
        answer = stream.upgrade(shop.id, shop.admin)
        if answer[0] == 101:
            opened.append(stream)
        else:
            assert is_server_full(answer)
            stream.socket.close()
    message = shop.post("for old and new")
    for stream in streams[RESERVE:] + opened:
        assert json.loads(stream.frame()[1]) == message
        stream.socket.close()
