"""Refusals before the body was read: a client that still sends sees the status and its CORS fields, not a reset."""

import asyncio
import concurrent.futures
import time

import aiohttp
import pytest
import requests
from support.images import UPLOAD_PATH, file_part, form
from support.rawsocket import RawSocket
from support.server import Server
from support.shops import shops_of
from support.tokens import bearer, token

ORIGIN = "https://app.example"
MESSAGES = "/api/v1/shops/messages"
# Longer than the 2 s after which a connection used to be reset.
SECONDS = 4
PIECES = 16


def pieces(content):
    """The content at the pace of a slow network: that is the case, not a wait for something."""
    size = -(-len(content) // PIECES)
    for start in range(0, len(content), size):
        time.sleep(SECONDS / PIECES)
        yield content[start : start + size]


class SlowFile:
    """A body with a length, which the client reads piece by piece."""

    def __init__(self, content):
        self.length = len(content)
        self.pieces = pieces(content)

    def __len__(self):
        return self.length

    def __iter__(self):
        return self.pieces


IMAGE, FORM = form(file_part(b"\x89PNG\r\n\x1a\n" + bytes(6 << 20)))
TEXT_FILE, _ = form(file_part(b"no image at all " * (5 << 16)))
JSON = b'{"message":"' + b"x" * (5 << 20) + b'"}'

# What is sent, as whom, and what is answered.
CASES = {
    "without a token": (UPLOAD_PATH, None, {"Content-Type": FORM}, IMAGE, 401),
    "an upload that is too large": (UPLOAD_PATH, "member", {"Content-Type": FORM}, IMAGE, 413),
    "a file that is no image": (UPLOAD_PATH, "member", {"Content-Type": FORM}, TEXT_FILE, 415),
    "an upload that is no form": (UPLOAD_PATH, "member", {"Content-Type": "image/png"}, IMAGE, 415),
    "a compressed body": (MESSAGES, "member", {"Content-Encoding": "gzip"}, JSON, 415),
    "a text that is too large": (MESSAGES, "member", {}, JSON, 413),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    shops = shops_of(None, 3)
    env = {"WEBSOCKET_ALLOWED_ORIGINS": ORIGIN + ":443", "SHOPSTREAM_MAX_UPLOADS_PER_USER": "0"}
    members = [row for shop in shops for row in shop.memberships]
    server = Server(tmp_path_factory.mktemp("refused"), members=members, env=env)
    server.shops = shops_of(server, 3)
    yield server.start()
    server.end()


def headers_of(server, user, fields):
    name = server.shops[0].member
    return {"Origin": ORIGIN, **fields, **(bearer(name) if user else {})}


def check(answer_headers, status, expected):
    assert status == expected
    assert answer_headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Retry-After" in answer_headers["Access-Control-Expose-Headers"]
    assert answer_headers["Vary"] == "Origin"


def test_a_client_that_still_sends_sees_the_status_and_the_cors_fields(server):
    def send(path, user, fields, content, expected, is_chunked):
        body = pieces(content) if is_chunked else SlowFile(content)
        answer = requests.post(server.url(path), data=body, headers=headers_of(server, user, fields), timeout=60)
        check(answer.headers, answer.status_code, expected)
        assert answer.json()["code"]

    cases = [(*case, is_chunked) for case in CASES.values() for is_chunked in (False, True)]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for future in [pool.submit(send, *case) for case in cases]:
            future.result(timeout=90)
    assert server.is_alive()


def test_an_asynchronous_client_sees_them_too(server):
    async def slowly(content):
        size = -(-len(content) // PIECES)
        for start in range(0, len(content), size):
            await asyncio.sleep(SECONDS / PIECES)
            yield content[start : start + size]

    async def send(session, path, user, fields, content, expected):
        headers = headers_of(server, user, fields)
        async with session.post(server.url(path), data=slowly(content), headers=headers) as answer:
            check(answer.headers, answer.status, expected)
            assert (await answer.json())["code"]

    async def run():
        timeout = aiohttp.ClientTimeout(total=60)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session:
            await asyncio.gather(*(send(session, *case) for case in CASES.values()))

    asyncio.run(run())


def test_a_connection_ends_when_the_refused_body_has(server):
    with RawSocket(server, seconds=30) as raw:
        raw.send(f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode() + bytes(500_000))
        status, fields, _ = raw.response()
        assert status == 401 and fields["connection"] == "close"
        raw.send(bytes(500_000))
        assert raw.is_at_end()


def test_a_client_that_waits_with_its_body_gets_the_status_and_the_end(server):
    with RawSocket(server, seconds=30) as raw:
        raw.send(
            f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nExpect: 100-continue\r\n"
            f"Authorization: bearer  {token('ada')}\r\nContent-Length: 1000000\r\n\r\n".encode()
        )
        status, fields, _ = raw.response()
        assert status == 413 and fields["access-control-allow-origin"] == ORIGIN
        assert raw.is_at_end()


def test_a_client_that_falls_silent_is_closed(server):
    with RawSocket(server, seconds=60) as raw:
        raw.send(f"POST {MESSAGES} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx".encode())
        assert raw.response()[0] == 401
        assert raw.is_at_end()


@pytest.mark.parametrize(
    "rest, status",
    [
        (b"X: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        (b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"Expect: more\r\n\r\n", 417),
        (b"Content-Length: x\r\n\r\n", 400),
        (b"X: y\r\n", 408),
    ],
    ids=["large-field", "many-fields", "expectation", "length", "timeout"],
)
def test_a_head_that_is_refused_is_answered_with_the_cors_fields_of_its_origin(server, rest, status):
    with RawSocket(server, seconds=30) as raw:
        raw.send(f"GET /healthz HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n".encode() + rest)
        answered, fields, _ = raw.response()
        assert answered == status
        assert fields["access-control-allow-origin"] == ORIGIN
        assert raw.is_at_end()


def test_a_compressed_body_is_415_and_identity_is_taken(server):
    shop = server.shops[0]
    body = {"shop_id": shop.id, "message": "t"}
    for coding, status in [("gzip", 415), ("br", 415), ("identity, GZip", 415), ("identity", 201), (",", 201)]:
        answer = server.request("POST", MESSAGES, shop.member, json=body, headers={"Content-Encoding": coding})
        assert answer.status_code == status, coding
        assert answer.headers.get("Accept-Encoding") == ("identity" if status == 415 else None)


def test_a_preflight_allows_the_fields_of_tracing(server):
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = server.request("OPTIONS", MESSAGES, headers=ask)
    assert answer.status_code == 204
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed == {
        "authorization", "content-type", "idempotency-key", "traceparent", "tracestate", "baggage", "sentry-trace",
    }  # fmt: skip
