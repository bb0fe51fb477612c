"""`WEBSOCKET_OVER_LIMIT=replace`: a stream over the limit ends its user's oldest one with 4409."""

import concurrent.futures

from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import Server

SHOPS = [f"shop-{number}" for number in range(8)]


def served(folder, **env):
    return Server(
        folder, members=[(shop, user, "member") for shop in SHOPS for user in ("ada", "grace")], reactors=3,
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0", "WEBSOCKET_OVER_LIMIT": "replace", **env},
    )  # fmt: skip


def test_the_sixth_stream_ends_the_first(tmp_path):
    server = served(tmp_path).start()
    try:
        others = RawSocket(server).opened(SHOPS[0], "grace")
        streams = [RawSocket(server).opened(shop, "ada") for shop in SHOPS]
        assert [stream.close_code() for stream in streams[:3]] == [4409] * 3
        for stream in streams[:3]:
            stream.socket.close()
        wait_until(lambda: server.open_streams() == 6, what="five streams of ada and one of grace are open")
        assert server.metric("websocket_disconnect_reasons", reason="replaced") == 3
        server.post(SHOPS[-1], "ada", "still heard")
        assert b"still heard" in streams[-1].frame()[1]
        others.socket.close()
    finally:
        server.end()


def test_a_race_leaves_as_many_streams_as_a_user_may_have(tmp_path):
    server = served(tmp_path).start()
    try:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            racers = list(pool.map(lambda n: RawSocket(server).opened(SHOPS[n % len(SHOPS)], "ada"), range(24)))
        wait_until(lambda: server.metric("websocket_disconnect_reasons", reason="replaced") == 19, what="19 are ended")
        wait_until(lambda: server.open_streams() == 5, what="five are open")
        for racer in racers:
            racer.socket.close()
        wait_until(lambda: server.open_streams() == 0, what="all quota slots are released")
        for shop in SHOPS[:5]:
            RawSocket(server).opened(shop, "ada")
        assert server.metric("websocket_disconnect_reasons", reason="replaced") == 19
    finally:
        server.end()
