"""Ping, pong wait, and expiring tokens. Periods are short here; what is asserted is order, not time."""

import time

import pytest
from support.deadline import wait_until
from support.rawsocket import CLOSE, PING, PONG, TEXT, RawSocket, frame
from support.tokens import token

FAST = {"WEBSOCKET_PING_PERIOD_SECONDS": "1", "WEBSOCKET_PONG_WAIT_SECONDS": "2"}


@pytest.fixture
def server(serve):
    return serve(env=FAST)


def test_pings_come_and_pongs_keep_the_stream(server):
    shop = server.shops[0]
    with RawSocket(server) as stream, RawSocket(server, seconds=20) as silent:
        stream.opened(shop.id, shop.member)
        silent.opened(shop.id, shop.admin)
        pings = 0
        while pings < 5:  # longer than the pong wait
            opcode, payload = stream.frame()
            assert opcode == PING and len(payload) <= 125
            stream.send(frame(PONG, payload))
            pings += 1
        assert silent.is_at_end(), "the stream that does not answer is closed"
        message = shop.post("x")
        while (found := stream.frame())[0] == PING:
            stream.send(frame(PONG, found[1]))
        assert found[0] == TEXT and message["id"].encode() in found[1]
    wait_until(lambda: server.metric("websocket_disconnect_reasons") >= 1, what="the reason is counted")


def test_only_a_pong_extends_the_wait(server):
    """Data and pings of the client prove nothing: a proxy could keep them flowing."""
    shop = server.shops[0]
    with RawSocket(server, seconds=20) as stream:
        stream.opened(shop.id, shop.member)
        answers = 0
        while True:
            found = stream.frame()
            if found is None or found[0] == CLOSE:
                break
            if found[0] == PING:
                stream.send(frame(PING, b"and you?") + frame(TEXT, b"busy"))
            answers += found[0] == PONG
        assert answers >= 1, "the client's pings were answered all the while"


def test_an_unsolicited_pong_is_accepted(server):
    shop = server.shops[0]
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(frame(PONG, b"unasked"))
        stream.send(frame(PING, b"still there?"))
        while (found := stream.frame())[0] == PING:
            stream.send(frame(PONG, found[1]))
        assert found == (PONG, b"still there?")


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 125], ids=["empty", "one", "longest"])
def test_a_ping_of_the_client_is_answered_with_its_payload(shop, payload):
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(frame(PING, payload))
        assert stream.frame() == (PONG, payload)


def test_frames_right_after_the_handshake_are_not_lost(shop):
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member, behind=frame(PING, b"early") + frame(TEXT, b"x") + frame(PING, b"bird"))
        assert stream.frame() == (PONG, b"early")
        assert stream.frame() == (PONG, b"bird")


def test_a_stream_whose_token_expires_is_closed_with_4401(serve):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server, seconds=90) as stream:
        text = token(shop.member, seconds=-25)  # good for the leeway still, which is 30 s
        answer = stream.upgrade(shop.id, None, headers={"Authorization": f"Bearer {text}"})
        assert answer[0] == 101
        started = time.monotonic()
        assert stream.close_code() == 4401
        assert time.monotonic() - started <= -25 + 60 + 5  # the leeway is 60 s at most
