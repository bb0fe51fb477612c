"""A subscriber that takes nothing is closed after the write wait, long before as many messages wait as may."""

import json
import threading

import pytest
from support.deadline import wait_until
from support.rawsocket import TEXT, RawSocket

MESSAGE_COUNT = 240  # fewer than the 256 that may wait
# Written as JSON twice as long: together far more than the kernel takes for a connection, so that the socket fills.
TEXT_TAIL = "\n" * 4_000 + "x" * 12_000


def number_of(payload):
    return int(json.loads(payload)["message"][:6])


def numbers_until(stream, count):
    """The numbers of the messages that come, up to `count` or the end of the connection."""
    numbers = []
    while len(numbers) < count and (found := stream.frame()):
        if found[0] == TEXT:
            numbers.append(number_of(found[1]))
    return numbers


def disconnects(server, reason):
    return server.metric("websocket_disconnect_reasons", reason=reason)


@pytest.mark.timeout(120)
def test_a_subscriber_that_takes_nothing_is_closed_after_the_write_wait(serve):
    server = serve(env={"WEBSOCKET_WRITE_WAIT_SECONDS": "1"})
    shop = server.shops[0]
    with RawSocket(server, seconds=60) as reader, RawSocket(server, receive_buffer_bytes=4096) as stuck:
        reader.opened(shop.id, shop.member)
        stuck.opened(shop.id, shop.admin)
        received = []
        thread = threading.Thread(target=lambda: received.extend(numbers_until(reader, MESSAGE_COUNT)), daemon=True)
        thread.start()
        for number in range(MESSAGE_COUNT):
            shop.post(f"{number:06}{TEXT_TAIL}")
        wait_until(lambda: disconnects(server, "write_timeout") == 1, 20, "the subscriber that takes nothing is closed")
        assert disconnects(server, "slow_consumer") == 0
        thread.join(60)
        assert received == list(range(MESSAGE_COUNT)), "the other subscriber misses nothing"
        assert server.open_streams() == 1
        # What the kernel had taken arrives whole and in order; there was no room for a close frame.
        numbers = numbers_until(stuck, MESSAGE_COUNT)
        assert numbers == list(range(len(numbers))) and len(numbers) < MESSAGE_COUNT


@pytest.mark.timeout(120)
def test_a_subscriber_that_pauses_for_less_than_the_write_wait_misses_nothing(serve):
    server = serve(env={"WEBSOCKET_WRITE_WAIT_SECONDS": "60"})
    shop = server.shops[0]
    with RawSocket(server, receive_buffer_bytes=4096) as stream:
        stream.opened(shop.id, shop.member)
        for number in range(MESSAGE_COUNT):
            shop.post(f"{number:06}{TEXT_TAIL}")
        assert numbers_until(stream, MESSAGE_COUNT) == list(range(MESSAGE_COUNT))
        assert server.metric("websocket_disconnect_reasons") == 0
