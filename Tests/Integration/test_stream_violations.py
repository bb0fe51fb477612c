"""Broken rules of RFC 6455 get their close codes, over a real socket; others notice nothing."""

import json

import pytest
from support.deadline import wait_until
from support.rawsocket import (
    BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, close_frame, frame,
)  # fmt: skip

LIMIT = 524288

# What the client sends → the code with which it is closed.
VIOLATIONS = {
    "an unmasked frame": (frame(TEXT, b"x", masked=False), 1002),
    "the first reserved bit": (frame(TEXT, b"x", reserved=4), 1002),
    "the second reserved bit": (frame(TEXT, b"x", reserved=2), 1002),
    "the third reserved bit": (frame(TEXT, b"x", reserved=1), 1002),
    **{f"opcode {code}": (frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "a pong of 126 bytes": (frame(PONG, b"x" * 126), 1002),
    "a close of 126 bytes": (close_frame(1000, b"x" * 124), 1002),
    "a fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "a fragmented close": (close_frame(1000, fin=False), 1002),
    "a continuation without a start": (frame(CONTINUATION, b"x"), 1002),
    "a new message inside another": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "a length of 16 bits for 125": (frame(TEXT, b"x" * 125, length=(16, 125)), 1002),
    "a length of 64 bits for 65535": (frame(BINARY, b"x" * 65535, length=(64, 65535)), 1002),
    "a length with its top bit set": (frame(BINARY, b"", length=(64, 1 << 63)), 1002),
    "text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "an overlong character": (frame(TEXT, b"\xc0\xaf"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "a character beyond the last": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "a character that is cut off": (frame(TEXT, b"\xe2\x82"), 1007),
    "bad UTF-8 in the second fragment": (frame(TEXT, b"ok", fin=False) + frame(CONTINUATION, b"\xff"), 1007),
    "a character cut by the end of its fragments": (frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x82"), 1007),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close reason that is no UTF-8": (close_frame(1000, b"\xff"), 1007),
    **{f"close code {code}": (close_frame(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
    "a frame larger than the limit": (frame(BINARY, b"", length=(64, LIMIT + 1)), 1009),
    "a frame of many gigabytes": (frame(BINARY, b"", length=(64, 1 << 40)), 1009),
    "a message larger than the limit in its fragments": (
        frame(BINARY, b"x" * LIMIT, fin=False) + frame(CONTINUATION, b"x"), 1009,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_a_violation_gets_its_close_code(shop, kind):
    data, code = VIOLATIONS[kind]
    with RawSocket(shop.server) as bystander, RawSocket(shop.server) as stream:
        bystander.opened(shop.id, shop.admin)
        stream.opened(shop.id, shop.member)
        stream.send(data)
        assert stream.close_code() == code
        assert stream.is_at_end()
        message = shop.post("still here")
        assert message["id"].encode() in bystander.frame()[1]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
def test_a_close_is_answered_with_its_code(shop, code):
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(close_frame(code, "bis bald 👋".encode()))
        assert stream.close_code() == code
        assert stream.is_at_end()


def test_an_empty_close_is_answered_by_an_empty_close(shop):
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(close_frame())
        assert stream.close_code() == 1005
        assert stream.is_at_end()


def test_nothing_after_a_close_is_read(shop):
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(close_frame(1000) + frame(PING, b"x") + frame(TEXT, b"\xff"))
        assert stream.frame()[0] == CLOSE
        assert stream.is_at_end()


HARMLESS = {
    "text": frame(TEXT, b"hello"),
    "an empty text": frame(TEXT),
    "bytes": frame(BINARY, bytes(range(256))),
    "the largest message": frame(BINARY, b"x" * LIMIT),
    "fragments with a ping between": frame(TEXT, b"a", fin=False) + frame(PONG) + frame(CONTINUATION, b"b"),
    "empty fragments": frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION),
    "a character across fragments": frame(TEXT, b"\xe2\x82", fin=False) + frame(CONTINUATION, b"\xac"),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_data_of_a_client_is_read_and_dropped(shop, kind):
    with RawSocket(shop.server) as other, RawSocket(shop.server) as stream:
        other.opened(shop.id, shop.admin)
        stream.opened(shop.id, shop.member)
        stream.send(HARMLESS[kind] + frame(PING, b"after it"))
        assert stream.frame() == (PONG, b"after it")
        message = shop.post("the first that anybody sees")
        for each in (stream, other):
            assert message["id"].encode() in each.frame()[1]


def test_every_byte_may_come_alone(shop):
    data = frame(PING, b"slow") + frame(TEXT, "é".encode(), fin=False) + frame(CONTINUATION, b"!") + frame(PING, b"end")
    with RawSocket(shop.server) as stream:
        stream.opened(shop.id, shop.member)
        for index in range(len(data)):
            stream.send(data[index : index + 1])
        assert stream.frame() == (PONG, b"slow")
        assert stream.frame() == (PONG, b"end")


def test_data_above_its_rate_closes_with_1008(shop):
    def closures():
        return shop.server.metric("websocket_disconnect_reasons", reason="rate_exceeded")

    before = closures()
    flood = b"".join(frame(TEXT, b"x" * 100) for _ in range(500))
    with RawSocket(shop.server, seconds=30) as stream:
        stream.opened(shop.id, shop.member)
        for _ in range(200):
            stream.send(flood)
        assert stream.close_code() == 1008
    wait_until(lambda: closures() == before + 1, what="the reason is counted")


def test_a_bare_stream_gets_bare_text_frames_and_no_subprotocol(shop):
    with RawSocket(shop.server) as stream:
        answer = stream.upgrade(shop.id, shop.member)
        assert answer[0] == 101
        assert "sec-websocket-protocol" not in answer[1] and "sec-websocket-extensions" not in answer[1]
        message = shop.post("x")
        opcode, payload = stream.frame()
        assert opcode == TEXT and json.loads(payload) == message
