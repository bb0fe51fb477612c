"""The servers that the benchmarks compare with do what they are compared in: a message reaches the streams of its shop
and no other."""

import asyncio
import json
import pathlib
import socket
import sys

import pytest
import requests
import websockets

from support import shopload
from support.tokens import SECRET, bearer, token

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Peers"))
import peers  # noqa: E402


def post(peer, shop, text, headers=None, session=requests):
    headers = {"X-Shop-Id": shop, **bearer("ada"), **(headers or {})}
    body = {"shop_id": shop, "message": text}
    return session.post(peer.url("/api/v1/shops/messages"), json=body, headers=headers, timeout=10)


def started(kind):
    if not kind.is_available():
        pytest.skip(f"{kind.name} is not installed")
    kind.build()
    with kind(SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def reference():
    yield from started(peers.Reference)


@pytest.fixture(scope="module")
def nchan():
    yield from started(peers.Nchan)


@pytest.fixture(scope="module")
def floor():
    yield from started(peers.Floor)


@pytest.fixture(params=["reference", "nchan", "floor"])
def peer(request):
    return request.getfixturevalue(request.param)


def test_a_message_reaches_every_stream_of_its_shop_and_no_other_in_order(peer):
    async def scenario():
        def stream(shop, user):
            return websockets.connect(peer.stream_url(shop, token(user)))

        async with stream("s1", "ada") as first, stream("s1", "grace") as second, stream("s2", "ada") as other:
            loop = asyncio.get_running_loop()
            for number in range(3):
                answer = await loop.run_in_executor(None, post, peer, "s1", f"hello {number}")
                assert answer.status_code == 201, answer.text
            await loop.run_in_executor(None, post, peer, "s2", "elsewhere")
            for streamed in (first, second):
                texts = [json.loads(await asyncio.wait_for(streamed.recv(), 10))["message"] for _ in range(3)]
                assert texts == ["hello 0", "hello 1", "hello 2"]
            # Had a message of the other shop gone astray, it would have come first.
            assert json.loads(await asyncio.wait_for(other.recv(), 10))["message"] == "elsewhere"

    asyncio.run(scenario())


def test_the_load_generator_loads_and_judges_a_peer_like_our_own_server(peer, tmp_path):
    options = {"connections": 20, "shops": 4, "rate": 40, "warm-up": 0, "duration": 2, "drain": 5}
    report, text = shopload.run(tmp_path, peer.url(), "many-shops", **options, **{"server-pid": peer.serving_pid()})
    counters = report["counters"]
    assert shopload.faults_of(counters) == {}, text
    assert counters["delivered"] == counters["expectedDeliveries"] == 40 * 2 * 20 / 4
    assert counters["requestsSent"] == counters["statuses"]["201"] == 80
    assert len(report["server"]["samples"]) >= 2


def test_the_reference_answers_with_the_envelope_and_streams_the_bare_message(reference):
    async def scenario():
        async with websockets.connect(reference.stream_url("s3", token("grace"))) as stream:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(None, post, reference, "s3", "Grüße 🙂")
            return answer, json.loads(await asyncio.wait_for(stream.recv(), 10))

    answer, streamed = asyncio.run(scenario())
    body = answer.json()
    assert (answer.status_code, body["status"]) == (201, 201)
    assert body["data"] == streamed
    keys = ["id", "shop_id", "user_id", "message", "created_at", "updated_at", "is_edited", "parent_id"]
    assert list(streamed) == keys
    assert (streamed["shop_id"], streamed["user_id"], streamed["message"]) == ("s3", "ada", "Grüße 🙂")


@pytest.mark.parametrize(
    "wrong",
    [token("ada", secret="another"), token("ada", seconds=-5), token("ada", drop=["exp"]), "a.b.c", ""],
    # The tokens name the second in which they were made, and both processes of a run must collect the same tests.
    ids=["of another secret", "expired", "without an end", "not a token", "empty"],
)
def test_the_reference_refuses_a_token_that_is_not_valid(reference, wrong):
    assert post(reference, "s4", "x", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401
    stream = requests.get(reference.url(f"/api/v1/shops/s4/messages/stream?token={wrong}"), timeout=10)
    assert stream.status_code == 401


def test_the_reference_refuses_an_invalid_body(reference):
    for body in ("", "{", '{"shop_id":"s"}', '{"shop_id":"s","message":""}'):
        answer = requests.post(
            reference.url("/api/v1/shops/messages"), data=body, headers=bearer("ada"), timeout=10
        )
        assert answer.status_code == 400, body


def test_the_reference_drops_a_stream_that_does_not_read(reference):
    count, text = 1_500, "x" * 16_000
    with socket.create_connection(("127.0.0.1", reference.port), timeout=20) as slow:
        slow.sendall(
            f"GET /api/v1/shops/s5/messages/stream?token={token('grace')} HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        assert slow.recv(12) == b"HTTP/1.1 101"
        with requests.Session() as session:
            for _ in range(count):
                assert post(reference, "s5", text, session=session).status_code == 201
        received, last = 0, b""
        while piece := slow.recv(1 << 20):
            received, last = received + len(piece), (last + piece)[-2:]
    assert last == b"\x88\x00", "an empty close frame ends the stream"
    assert received < count * len(text), "what did not fit was dropped with the client"
