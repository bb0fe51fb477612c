"""The stop of a server, step by step: announced, then over a window, then at its end."""

import json
import signal

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from support.deadline import wait_until
from support.liveview import metrics_port
from support.streams import open_stream, receive

DRAINING = {"type": "server.draining", "data": {"reconnect_in_seconds": 1}}
REASON = "server restarting, reconnect in 1 s"


def end_of(stream):
    """Reads the stream to its end: its frames, and the close code and reason that the server sent."""
    frames = []
    try:
        while True:
            frames.append(json.loads(stream.recv(timeout=15)))
    except ConnectionClosed as closed:
        return frames, (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else None


def hastened(server):
    """The exit status of a server whose stop is not waited for: a signal a second or more after the first ends it."""
    wait_until(lambda: server.signal(signal.SIGTERM) or not server.is_alive(), 15, "the server ends")
    return server.wait()


def test_a_stop_that_is_announced_serves_on_until_its_delay_is_over(serve):
    server = serve(env={"SHOPSTREAM_DRAIN_DELAY_SECONDS": "600"})
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin) as stream:
        server.signal(signal.SIGTERM)
        wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 10, "the stop is announced")
        assert server.request("GET", "/readyz").json()["code"] == "draining"
        assert server.request("GET", "/healthz").status_code == 200
        with open_stream(server, shop.id, shop.admin) as late:
            sent = server.post(shop.id, shop.admin, "still here")
            assert [receive(stream)["id"], receive(late)["id"]] == [sent["id"]] * 2
        assert hastened(server) == 0


def test_streams_end_over_the_window_and_are_told_when_to_reconnect(serve):
    server = serve(shops=5, env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": "2"})
    bare = [open_stream(server, shop.id, shop.admin) for shop in server.shops]
    events = [open_stream(server, shop.id, shop.admin, subprotocols=["shopstream.v2"]) for shop in server.shops]
    server.signal(signal.SIGTERM)
    for stream in bare:
        assert end_of(stream) == ([], (1012, REASON))
    for stream in events:
        assert end_of(stream) == ([DRAINING], (1012, REASON))
    assert server.wait(20) == 0
    assert '"stopped"' in server.log()


def test_the_default_window_ends_few_streams_soon(serve):
    server = serve(env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": ""})
    with open_stream(server, server.shops[0].id, server.shops[0].admin) as stream:
        server.signal(signal.SIGTERM)
        assert end_of(stream) == ([], (1012, REASON))
    assert server.wait(20) == 0


def test_without_a_window_all_streams_end_at_once_with_1001(serve):
    server = serve(env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": "0"})
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin, subprotocols=["shopstream.v2"]) as stream:
        server.signal(signal.SIGTERM)
        assert end_of(stream) == ([], (1001, "server stopping"))
    assert server.wait() == 0


def test_new_connections_are_refused_while_streams_end(serve):
    server = serve(shops=1, env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": "600"})
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin) as first, open_stream(server, shop.id, shop.admin) as second:
        server.signal(signal.SIGTERM)
        # One of the two ends at once, and the other after half of the window.
        ended = wait_until(lambda: [s for s in (first, second) if not is_open(s)], 15, "a stream ends")
        assert len(ended) == 1

        def is_refused():
            try:
                requests.get(server.url("/healthz"), timeout=2, verify=server.verify)
                return False
            except requests.ConnectionError:
                return True

        wait_until(is_refused, 10, "the listeners are closed")
        assert hastened(server) == 0


def is_open(stream):
    try:
        stream.recv(timeout=0.05)
    except TimeoutError:
        return True
    except ConnectionClosed:
        return False
    return True


@pytest.mark.parametrize("name", ["SHOPSTREAM_DRAIN_DELAY_SECONDS", "SHOPSTREAM_DRAIN_WINDOW_SECONDS"])
def test_times_out_of_range_are_refused(serve, name):
    server = serve(ready=False, env={name: "601"}).launch()
    assert server.wait() == 78
    assert name in server.log()


def test_the_metrics_listener_shows_a_stop_to_its_end(serve):
    env = {"SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:0", "SHOPSTREAM_DRAIN_WINDOW_SECONDS": "600"}
    # The metrics listener is the first reactor's, and so is the shop.
    server = serve(reactors=1, env=env)
    shop, port = server.shops[0], metrics_port(server)

    def ask(path):
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)

    assert ask("/readyz").status_code == 200
    with open_stream(server, shop.id, shop.member), open_stream(server, shop.id, shop.admin):
        server.signal(signal.SIGTERM)
        wait_until(lambda: ask("/readyz").status_code == 503, 10, "the stop is announced")
        wait_until(lambda: is_refused(server), 10, "the public listener is closed")
        assert ask("/readyz").json()["code"] == "draining"
        # The first of two streams ended at once, and the other has half of the window.
        wait_until(lambda: "\nwebsocket_connections 1\n" in ask("/metrics").text, 10, "a stream is left")
    assert server.wait(20) == 0, "the last stream was closed by its client"


def is_refused(server):
    try:
        server.request("GET", "/healthz")
        return False
    except requests.exceptions.ConnectionError:
        return True
