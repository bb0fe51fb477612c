"""A subscriber for tests that look at one stream at a time."""

import json
import socket

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .tlssocket import TLSClient, TLSSocket
from .tokens import bearer


def open_stream(server, shop, user, token=None, **options):
    """A connection that has the shop's stream open; the user's token goes into the header, `token` into the query."""
    headers = {**(bearer(user) if user else {}), **options.pop("headers", {})}
    return connect_to(
        server, server.stream_url(shop, token), additional_headers=headers, close_timeout=5, ping_interval=None,
        max_queue=None, **options,
    )  # fmt: skip


def connect_to(server, url, **options):
    """The library reads in one thread and writes in another, which the sockets of Python's `ssl` do not survive: it
    gets a connection that is ready, whose TLS it knows nothing of."""
    options = {"open_timeout": 10, "proxy": None, **options}
    if server.tls:
        tcp = socket.create_connection((server.host.strip("[]"), server.port), timeout=10)
        name = server.host.strip("[]")
        options["sock"] = TLSSocket(tcp, TLSClient(server.tls.context, name)).handshake()
        url = url.replace("wss://", "ws://", 1)
    return connect(url, **options)


def refusal(server, shop, user=None, headers=None, query="", **options):
    """The answer with which an upgrade is refused; fails when it is accepted."""
    sent = {**(bearer(user) if user else {}), **(headers or {})}
    try:
        with connect_to(server, server.stream_url(shop) + query, additional_headers=sent, **options):
            raise AssertionError("the stream was opened")
    except InvalidStatus as error:
        return error.response


def receive(stream, seconds=10):
    """The next message of the stream."""
    return json.loads(stream.recv(timeout=seconds))


def close_code(stream, seconds=10):
    """Reads the stream to its end and returns the close code that the server sent; 1006 when it sent none."""
    try:
        while True:
            stream.recv(timeout=seconds)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
