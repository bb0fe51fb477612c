"""Ends that cross: each side still sends its pending frames, whole."""

import signal
import socket

import pytest
from support.deadline import wait_until
from support.rawsocket import CLOSE, TEXT, RawSocket, close_frame, frame

MESSAGE_COUNT = 250  # within what may wait for a slow client
TEXT_BYTES = 16_000


def test_a_close_frame_right_before_the_end_is_answered(serve):
    server = serve(env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"})
    shop = server.shops[0]
    for _ in range(20):
        with RawSocket(server) as stream:
            stream.opened(shop.id, shop.member)
            stream.send(close_frame(1000))
            stream.socket.shutdown(socket.SHUT_WR)
            assert stream.close_code() == 1000
            assert stream.is_at_end()
        wait_until(lambda: server.open_streams() == 0, what="the stream's quota slot is free")
    assert server.metric("websocket_disconnect_reasons", reason="client_closed") == 20


def test_a_violation_right_before_the_end_gets_its_code(serve):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        stream.send(frame(TEXT, b"\xff"))
        stream.socket.shutdown(socket.SHUT_WR)
        assert stream.close_code() == 1007
        assert stream.is_at_end()


@pytest.mark.parametrize("last_word", [close_frame(1000), b"\xff" * 4_096, b""], ids=["close", "garbage", "end"])
@pytest.mark.timeout(60)
def test_a_peer_that_ends_while_messages_wait_for_it_gets_them_whole(serve, last_word):
    server = serve(env={"WEBSOCKET_WRITE_WAIT_SECONDS": "60"})
    shop = server.shops[0]
    with RawSocket(server, receive_buffer_bytes=4_096) as stream, RawSocket(server) as reader:
        stream.opened(shop.id, shop.member)
        reader.opened(shop.id, shop.admin)
        for number in range(MESSAGE_COUNT):
            shop.post(f"{number:06}" + "x" * TEXT_BYTES)
        server.signal(signal.SIGTERM)
        # The streams of a shop receive the close frame together.
        while (found := reader.frame())[0] == TEXT:
            pass
        assert found[0] == CLOSE
        stream.send(last_word)
        if not last_word:
            stream.socket.shutdown(socket.SHUT_WR)
        texts, ended = 0, None
        while ended is None:
            found = stream.frame()
            assert found is not None, f"cut off after {texts} whole messages"
            if found[0] == TEXT:
                texts += 1
            elif found[0] == CLOSE:
                ended = int.from_bytes(found[1][:2], "big")
        assert (texts, ended) == (MESSAGE_COUNT, 1001)
        assert stream.is_at_end()
    assert server.wait(10) == 0
