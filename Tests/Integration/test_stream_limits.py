"""Five connections a user, over shops and reactors: one winner for the last quota slot, and each slot is released."""

import concurrent.futures
import socket
import struct

import pytest
from support.deadline import wait_until
from support.rawsocket import TEXT, RawSocket, close_frame, frame
from support.server import Server
from support.streams import open_stream, refusal

USER = "ada"
SHOPS = [f"shop-of-ada-{number}" for number in range(16)]  # enough to lie on every reactor


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    members = [(shop, user, "member") for shop in SHOPS for user in (USER, "grace")]
    env = {
        "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
        "WEBSOCKET_PING_PERIOD_SECONDS": "1",
        "WEBSOCKET_PONG_WAIT_SECONDS": "2",
    }
    server = Server(tmp_path_factory.mktemp("limits"), members=members, env=env, reactors=3).start()
    yield server
    server.end()
    print(server.log_tail())


@pytest.fixture(autouse=True)
def nothing_is_open(server):
    wait_until(lambda: server.open_streams() == 0, what="no stream is open before the test")
    yield
    wait_until(lambda: server.open_streams() == 0, what="no stream is open after the test")
    assert server.is_alive()


def fill(server, count=5):
    """Opens `count` streams of the user in as many shops."""
    return [RawSocket(server).opened(shop, USER) for shop in SHOPS[:count]]


def test_the_sixth_connection_of_a_user_is_429_on_every_reactor(server):
    streams = fill(server)
    for shop in SHOPS[4:8]:
        answer = refusal(server, shop, USER)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) >= 1
    with open_stream(server, SHOPS[0], "grace"):
        pass  # the limit is each user's own
    for stream in streams:
        stream.socket.close()


@pytest.mark.parametrize("attempt", range(5))
def test_a_race_for_the_last_quota_slot_has_one_winner(server, attempt):
    streams = fill(server, 4)
    racers = [RawSocket(server) for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda pair: pair[0].upgrade(pair[1], USER)[0], zip(racers, SHOPS[4:])))
    assert sorted(answers) == [101] + [429] * 11
    for stream in streams + racers:
        stream.socket.close()


def reset(stream):
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


def close_properly(stream):
    stream.send(close_frame(1000))
    assert stream.close_code() == 1000
    assert stream.is_at_end()
    stream.socket.close()


def close_without_waiting(stream):
    stream.send(close_frame(1000))
    stream.socket.close()


def break_the_protocol(stream):
    stream.send(frame(TEXT, b"x", masked=False))
    assert stream.close_code() == 1002
    stream.socket.close()


def fall_silent(stream):
    assert stream.is_at_end(), "no pong came"
    stream.socket.close()


def half_close(stream):
    stream.socket.shutdown(socket.SHUT_WR)
    assert stream.is_at_end()
    stream.socket.close()


ENDS = {
    "an end of the connection": lambda stream: stream.socket.close(),
    "a reset": reset,
    "the closing handshake": close_properly,
    "a close frame and no wait": close_without_waiting,
    "a broken protocol": break_the_protocol,
    "no pong": fall_silent,
    "a half-closed connection": half_close,
}


@pytest.mark.parametrize("kind", ENDS)
def test_every_end_releases_the_quota_slot(server, kind):
    for stream in fill(server):
        ENDS[kind](stream)
    wait_until(lambda: server.open_streams() == 0, what="the streams are gone")
    again = fill(server)
    assert refusal(server, SHOPS[9], USER).status_code == 429
    for stream in again:
        stream.socket.close()


def test_refused_attempts_take_no_quota_slot(server):
    for _ in range(20):
        assert refusal(server, "no-such-shop", USER).status_code == 403
        assert refusal(server, SHOPS[0], USER, headers={"Sec-WebSocket-Version": "12"}).status_code in (400, 426)
    for stream in fill(server):
        stream.socket.close()


def test_a_connection_that_breaks_off_during_the_handshake_takes_no_quota_slot(server):
    head = f"GET /api/v1/shops/{SHOPS[0]}/messages/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n".encode()
    for _ in range(20):
        with RawSocket(server) as raw:
            raw.send(head)
    for _ in range(20):
        raw = RawSocket(server)
        raw.send(head)
        reset(raw)
    for stream in fill(server):
        stream.socket.close()


def test_quota_slots_are_released_over_many_rounds(server):
    """A quota slot that one end of a hundred does not release would show."""
    for round_number in range(25):
        streams = fill(server)
        for index, stream in enumerate(streams):
            (reset if (round_number + index) % 2 else close_properly)(stream)
        wait_until(lambda: server.open_streams() == 0, what="the streams are gone")
