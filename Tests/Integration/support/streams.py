"""A subscriber for tests that look at one stream at a time."""

import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .tokens import bearer


def open_stream(server, shop, user, token=None, **options):
    """A connection that has the shop's stream open; the user's token goes into the header, `token` into the query."""
    headers = {**(bearer(user) if user else {}), **options.pop("headers", {})}
    return connect(
        server.stream_url(shop, token), additional_headers=headers, open_timeout=10, close_timeout=5,
        ping_interval=None, max_queue=None, proxy=None, **options,
    )  # fmt: skip


def refusal(server, shop, user=None, headers=None, query="", **options):
    """The answer with which an upgrade is refused; fails when it is accepted."""
    sent = {**(bearer(user) if user else {}), **(headers or {})}
    try:
        with connect(server.stream_url(shop) + query, additional_headers=sent, open_timeout=10, proxy=None, **options):
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
