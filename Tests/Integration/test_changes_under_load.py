"""What operators change while people chat: certificates, the process. No connection is refused, and no message that was
acknowledged is lost by clients that catch up."""

import contextlib
import signal
import threading
import time

import pytest
import requests
from support.activation import held_socket, launch, launch_ready
from support.catchup import Client
from support.certificates import TLS
from support.deadline import wait_until
from support.streams import open_stream, receive
from websockets.exceptions import ConnectionClosed, InvalidStatus

CLIENT_COUNT = 12


class Streaming(threading.Thread):
    """A client that keeps a stream open: it reconnects when the stream ends, then catches up."""

    def __init__(self, shop, is_over):
        super().__init__()
        self.client, self.shop, self.is_over = Client(shop, statuses=(503,)), shop, is_over
        self.codes, self.failures, self.opened = [], [], 0

    def run(self):
        while not self.is_over.is_set():
            try:
                stream = open_stream(self.shop.server, self.shop.id, self.shop.member)
            except InvalidStatus as refusal:  # the server stops, or waits for the store
                if refusal.response.status_code != 503:
                    self.failures.append(f"refused with {refusal.response.status_code}")
                time.sleep(0.1)
                continue
            except Exception as failure:
                self.failures.append(repr(failure))
                time.sleep(0.1)
                continue
            self.opened += 1
            with contextlib.closing(stream):
                self.stay(stream)

    def stay(self, stream):
        try:
            while not self.client.catch_up():
                time.sleep(0.1)
            while not self.is_over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.client.take(receive(stream, 0.2))
        except ConnectionClosed as closed:
            self.codes.append(closed.rcvd.code if closed.rcvd else 1006)
        except requests.RequestException as failure:
            self.failures.append(repr(failure))


class Posting(threading.Thread):
    """Posts without a pause, each message over a connection of its own; keeps the ids that were acknowledged."""

    def __init__(self, shop, is_over):
        super().__init__()
        self.shop, self.is_over = shop, is_over
        self.acknowledged, self.failures, self.refused_count = [], [], 0

    def run(self):
        number = 0
        while not self.is_over.is_set():
            number += 1
            try:
                answer = self.shop.server.try_post(self.shop.id, self.shop.admin, f"message {number}")
            except requests.RequestException as failure:
                self.failures.append(repr(failure))
                continue
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["data"]["id"])
            else:
                assert answer.status_code == 503, answer.text
                self.refused_count += 1
                time.sleep(0.05)


@pytest.fixture
def listening():
    with held_socket() as listener:
        yield listener


def test_a_renewed_certificate_and_an_upgrade_go_unnoticed(serve, tmp_path, authority, listening):
    tls = TLS(authority, authority.issue(write=False).write(tmp_path / "server.crt", tmp_path / "server.key"))
    options = {
        "port": listening.getsockname()[1], "tls": tls, "store": f"sqlite:{tmp_path / 'store.sqlite'}",
        "env": {
            "SHOPSTREAM_DRAIN_WINDOW_SECONDS": "2", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
            "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "100", "SHOPSTREAM_IMAGES": str(tmp_path / "images"),
            "SHOPSTREAM_MAX_READS_PER_USER": "0",
        },
    }  # fmt: skip
    first = launch_ready(serve(shops=1, ready=False, **options), listening)
    shop, is_over = first.shops[0], threading.Event()
    streams = [Streaming(shop, is_over) for _ in range(CLIENT_COUNT)]
    writer = Posting(shop, is_over)
    for thread in (*streams, writer):
        thread.start()
    try:
        wait_until(lambda: all(stream.opened for stream in streams), 30, "all streams are open")
        posted(writer, 20)

        tls.authority.issue(write=False).write(tmp_path / "server.crt", tmp_path / "server.key")
        first.signal(signal.SIGHUP)
        wait_until(lambda: "certificates read again" in first.log(), 20, "the certificate is read")
        posted(writer, 20)
        assert [stream.codes for stream in streams] == [[]] * CLIENT_COUNT, "open streams go on"

        second = launch(serve(shops=1, ready=False, args=["--takeover"], **options), listening)
        wait_until(lambda: '"listening"' in second.log(), 20, "the second listens")
        first.signal(signal.SIGTERM)
        assert first.wait(20) == 0
        wait_until(lambda: all(stream.opened > 1 for stream in streams), 30, "all streams have come back")
        posted(writer, 20)
    finally:
        is_over.set()
        for thread in (*streams, writer):
            thread.join()
    last = second.post(shop.id, shop.admin, "the last one")["id"]
    assert writer.failures == [] and [stream.failures for stream in streams] == [[]] * CLIENT_COUNT
    assert {code for stream in streams for code in stream.codes} == {1012}
    for stream in streams:
        assert stream.client.catch_up()
        assert {*writer.acknowledged, last} <= set(stream.client.messages)


def posted(writer, count):
    """Waits until so many more messages were acknowledged."""
    target = len(writer.acknowledged) + count
    wait_until(lambda: len(writer.acknowledged) >= target, 30, "messages are acknowledged")
