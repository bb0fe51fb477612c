"""Clients that send without end on their streams: each frame has its price, and no other client notices."""

import pytest
from support.rawsocket import PING, TEXT, RawSocket, frame

FLOOD_BYTES = 4 << 20


@pytest.mark.parametrize("piece", [frame(PING), frame(0, fin=False)], ids=["empty pings", "empty fragments"])
@pytest.mark.timeout(90)
def test_a_flood_of_empty_frames_is_closed_with_1008_long_before_its_bytes_are_used_up(serve, piece):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server, seconds=30) as stream, RawSocket(server, seconds=30) as other:
        other.opened(shop.id, shop.admin)
        stream.opened(shop.id, shop.member)
        if piece[0] & 0x0F == 0:
            stream.send(frame(TEXT, b"", fin=False))
        stream.socket.settimeout(None)
        stream.send(piece * (FLOOD_BYTES // len(piece)))
        stream.socket.settimeout(30)
        # The reset of a socket that is closed with bytes unread may overtake the close frame.
        assert stream.close_code() in (1008, 1006)
        assert server.metric("websocket_disconnect_reasons", reason="rate_exceeded") == 1
        handled = server.metric("websocket_received_bytes_total")
        assert handled < FLOOD_BYTES / 4, "the price of a frame is many times its bytes"
        shop.post("still here")
        assert other.frame()[0] == TEXT


def test_a_few_hundred_frames_at_once_are_all_handled(serve):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server, seconds=30) as stream:
        stream.opened(shop.id, shop.member)
        # Enough for several turns. The frame after them shows that all were handled, in order.
        stream.send(frame(TEXT, b"x") * 500 + frame(PING, b"last"))
        assert stream.frame() == (10, b"last")
