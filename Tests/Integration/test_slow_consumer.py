"""A subscriber that stops reading harms no other."""

import json
import threading

import pytest
import requests
from support.deadline import wait_until
from support.rawsocket import CLOSE, TEXT, RawSocket
from support.tokens import bearer

TEXT_BYTES = 8_000
MESSAGE_COUNT = 2_000
GROWTH_BYTES_MAX = 48 * 1024 * 1024


def number_of(payload):
    return int(json.loads(payload)["message"][:6])


def slow_closures(server):
    return sum(
        value
        for name, value in server.metrics().items()
        if name.startswith("websocket_disconnect_reasons") and "slow" in name
    )


@pytest.mark.timeout(180)
def test_a_subscriber_that_stops_reading_is_closed_and_the_others_go_on(serve):
    env = {"WEBSOCKET_MAX_CONNECTIONS_PER_USER": "50", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"}
    # Whether a slow machine posts as many messages as may wait within the write wait is not the question.
    server = serve(env={**env, "WEBSOCKET_WRITE_WAIT_SECONDS": "60", "SHOPSTREAM_WRITES_PER_SECOND": "0"})
    shop = server.shops[0]
    received = []
    with RawSocket(server) as reader:
        reader.opened(shop.id, shop.member)
        reader.socket.settimeout(60)

        def read():
            while len(received) < MESSAGE_COUNT:
                found = reader.frame()
                if found is None:
                    return
                if found[0] == TEXT:
                    received.append(found[1])

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        stopped = [RawSocket(server, receive_buffer_bytes=4096).opened(shop.id, shop.admin) for _ in range(10)]
        wait_until(lambda: server.open_streams() == 11, what="all streams are open")
        before = peak = server.resident_bytes()
        headers = bearer(shop.admin)
        with requests.Session() as session:  # one connection kept alive makes the load that this test needs
            for number in range(MESSAGE_COUNT):
                body = {"shop_id": shop.id, "message": f"{number:06}" + "x" * TEXT_BYTES}
                answer = session.post(server.url("/api/v1/shops/messages"), json=body, headers=headers, timeout=10)
                assert answer.status_code == 201
                if number % 50 == 0:
                    peak = max(peak, server.resident_bytes())
        thread.join(60)
        assert len(received) == MESSAGE_COUNT
        assert [number_of(text) for text in received] == list(range(MESSAGE_COUNT))
        wait_until(lambda: server.open_streams() == 1, 30, "the ten that stopped are closed")
        assert slow_closures(server) == 10
        assert peak - before < GROWTH_BYTES_MAX, f"grew by {(peak - before) >> 20} MiB"
        for stream in stopped:
            # What was on its way comes whole and in order; then the end, with 4408 if there was room for it.
            numbers, code = read_what_came(stream)
            assert numbers == list(range(len(numbers))) and len(numbers) < MESSAGE_COUNT
            assert code in (4408, 1006)


def read_what_came(stream):
    """The numbers of the whole messages that arrived, and the close code; a frame that is cut off is none."""
    numbers = []
    while True:
        found = stream.frame()
        if found is None:
            return numbers, 1006
        if found[0] == TEXT:
            numbers.append(number_of(found[1]))
        elif found[0] == CLOSE:
            return numbers, int.from_bytes(found[1][:2], "big")


WAITING_MESSAGES_MAX = 256
FRAME_BYTES = 500


@pytest.mark.timeout(180)
@pytest.mark.parametrize("receive_buffer_bytes", [4_096, 16_384])
def test_the_messages_that_may_wait_are_those_of_the_limit_and_not_the_kernel_s(serve, receive_buffer_bytes):
    """What the server's socket takes waits too: with it the limit holds within a factor of two. What a client's own
    socket takes is the client's, so it is small here."""
    server = serve(env={"SHOPSTREAM_WRITES_PER_SECOND": "0", "WEBSOCKET_WRITE_WAIT_SECONDS": "60"})
    shop = server.shops[0]
    with RawSocket(server, receive_buffer_bytes=receive_buffer_bytes) as stream, requests.Session() as session:
        stream.opened(shop.id, shop.member)
        body = {"shop_id": shop.id, "message": ""}
        posted = 0
        text = "x" * FRAME_BYTES
        while server.open_streams() == 1:
            assert posted < 2 * WAITING_MESSAGES_MAX, "far more messages wait than may"
            for _ in range(16):
                if posted == 0:  # the frame is the message's JSON: its text is what is left
                    made = session.post(
                        server.url("/api/v1/shops/messages"), json={**body, "message": "x"}, headers=bearer(shop.admin)
                    )
                    text = "x" * (FRAME_BYTES - len(made.text) + 40)
                else:
                    made = session.post(
                        server.url("/api/v1/shops/messages"), json={**body, "message": text}, headers=bearer(shop.admin)
                    )
                assert made.status_code == 201
                posted += 1
        assert posted > WAITING_MESSAGES_MAX
        print(f"closed after {posted} messages")
        # It counts no more from the moment of its end on, though its socket still waits to take the close frame.
        assert slow_closures(server) == 1
        assert server.metric("shopstream_reactor_connections") >= 1
        again = RawSocket(server).opened(shop.id, shop.member)
        assert server.open_streams() == 1
        again.socket.close()


@pytest.mark.timeout(120)
def test_a_subscriber_that_pauses_within_the_limit_misses_nothing(serve):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server, receive_buffer_bytes=4096) as stream:
        stream.opened(shop.id, shop.member)
        for number in range(200):
            shop.post(f"{number:06}" + "x" * 1000)
        numbers = []
        while len(numbers) < 200:
            opcode, payload = stream.frame()
            if opcode == TEXT:
                numbers.append(number_of(payload))
        assert numbers == list(range(200))
        assert slow_closures(server) == 0
