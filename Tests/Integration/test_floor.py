"""The floor that our server is measured against is correct: it reads requests however they are split, sends whole frames,
and survives clients that leave or do not read."""

import asyncio
import json
import pathlib
import socket
import sys

import pytest
import requests
import websockets

from support.tokens import SECRET

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Peers"))
import peers  # noqa: E402

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, section 1.3


@pytest.fixture(scope="module")
def floor():
    if not peers.Floor.is_available():
        pytest.skip("there is no compiler of C")
    peers.Floor.build()
    with peers.Floor(SECRET) as server:
        yield server


def create(shop, text, end=""):
    body = json.dumps({"shop_id": shop, "message": text}).encode()
    head = f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{end}\r\n"
    return head.encode() + body


def connected(floor):
    return socket.create_connection(("127.0.0.1", floor.port), timeout=10)


class Reader:
    """Reads exact amounts of what a socket receives."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")

    def answer(self):
        """(status, fields, body) of the next answer."""
        status = int(self.file.readline().split()[1])
        fields = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        body = self.file.read(int(fields.get("content-length", 0)))
        return status, fields, json.loads(body) if body else None

    def frame(self):
        """(first byte, payload) of the next frame."""
        first, count = self.file.read(2)
        if count >= 126:
            count = int.from_bytes(self.file.read(2 if count == 126 else 8), "big")
        return first, self.file.read(count)


def stream(floor, shop, receive_bytes=None):
    """A connection and its reader, after the upgrade."""
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", floor.port))
    connection.sendall(
        f"GET /api/v1/shops/{shop}/messages/stream?token=x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()
    )
    reader = Reader(connection)
    status, fields, _ = reader.answer()
    assert (status, fields["sec-websocket-accept"]) == (101, ACCEPT)
    return connection, reader


def masked(opcode, payload):
    mask = b"\x01\x02\x03\x04"
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([0x80 | opcode]) + length + mask + data


def test_a_message_is_answered_with_the_envelope_and_streamed_bare(floor):
    async def scenario():
        async with websockets.connect(floor.stream_url("f1", "none")) as first:
            async with websockets.connect(floor.stream_url("f1", "none")) as second:
                async with websockets.connect(floor.stream_url("f2", "none")) as other:
                    loop = asyncio.get_running_loop()
                    body = {"shop_id": "f1", "message": 'Grüße "🙂"\n', "parent_id": None, "more": [{"a": 1.5e3}]}
                    url = floor.url("/api/v1/shops/messages")
                    answer = await loop.run_in_executor(None, lambda: requests.post(url, json=body, timeout=10))
                    frames = [json.loads(await asyncio.wait_for(each.recv(), 5)) for each in (first, second)]
                    with pytest.raises(asyncio.TimeoutError):
                        await asyncio.wait_for(other.recv(), 0.05)
                    return answer, frames

    answer, frames = asyncio.run(scenario())
    envelope = answer.json()
    assert (answer.status_code, envelope["status"]) == (201, 201)
    assert frames == [envelope["data"]] * 2
    keys = ["id", "shop_id", "user_id", "message", "created_at", "updated_at", "is_edited", "parent_id"]
    assert list(frames[0]) == keys
    assert (frames[0]["shop_id"], frames[0]["message"]) == ("f1", 'Grüße "🙂"\n')


def test_requests_are_read_however_they_are_split(floor):
    listener, reader = stream(floor, "f3")
    with connected(floor) as connection, listener:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = Reader(connection)
        request = create("f3", "in pieces")
        for index in range(len(request)):
            connection.sendall(request[index : index + 1])
        assert answers.answer()[0] == 201
        # Two requests and the beginning of a third come together.
        connection.sendall(create("f3", "one") + create("f3", "two") + request[:40])
        assert [answers.answer()[2]["data"]["message"] for _ in range(2)] == ["one", "two"]
        connection.sendall(request[40:])
        assert answers.answer()[0] == 201
        texts = [json.loads(reader.frame()[1])["message"] for _ in range(4)]
        assert texts == ["in pieces", "one", "two", "in pieces"]


def test_a_client_is_answered_and_its_data_dropped(floor):
    connection, reader = stream(floor, "f4")
    with connection:
        frames = masked(1, b"dropped" * 1_000) + masked(9, b"are you there")
        for start in range(0, len(frames), 1_013):
            connection.sendall(frames[start : start + 1_013])
        assert reader.frame() == (0x8A, b"are you there")
        connection.sendall(masked(8, b"\x03\xe8"))
        assert reader.frame() == (0x88, b"\x03\xe8")
        assert reader.file.read() == b""


def test_a_stream_that_ends_harms_no_other(floor):
    streams = [stream(floor, "f5") for _ in range(5)]
    with connected(floor) as connection:
        answers = Reader(connection)
        # One leaves with a close, one without a word, one breaks the protocol.
        streams[0][0].sendall(masked(8, b""))
        streams[2][0].close()
        streams[2][1].file.close()
        streams[3][0].sendall(b"\x81\x01x")
        assert streams[0][1].frame() == (0x88, b"")
        assert streams[3][1].frame() == (0x88, b"\x03\xea")
        for number in range(3):
            connection.sendall(create("f5", f"{number}"))
            assert answers.answer()[0] == 201
        for index in (1, 4):
            assert [json.loads(streams[index][1].frame()[1])["message"] for _ in range(3)] == ["0", "1", "2"]
    for connection, _ in streams:
        connection.close()


def test_no_frame_is_cut_for_a_stream_that_reads_late(floor):
    connection, reader = stream(floor, "f6", receive_bytes=4_096)
    count, text = 200, "x" * 16_000
    with connected(floor) as posting, connection:
        answers = Reader(posting)
        for number in range(count):
            posting.sendall(create("f6", f"{number} {text}"))
            assert answers.answer()[0] == 201
        for number in range(count):
            first, payload = reader.frame()
            assert (first, json.loads(payload)["message"]) == (0x81, f"{number} {text}")


@pytest.mark.parametrize(
    "body",
    ["", "{", "{}", '{"shop_id":"s"}', '{"shop_id":"s","message":""}', '{"shop_id":"s","message":"x",}',
     '{"shop_id":"s","message":"\\x"}', '{"shop_id":"s","message":"a\nb"}', '{"shop_id":"s","message":"x"} y',
     '{"shop_id":"s","message":"x","n":01}', '{"shop_id":"s","message":1}'],
)  # fmt: skip
def test_an_invalid_body_is_refused_and_the_connection_lives(floor, body):
    with connected(floor) as connection:
        answers = Reader(connection)
        head = f"POST /api/v1/shops/messages HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body.encode())
        assert answers.answer()[0] == 400
        connection.sendall(create("s", "valid"))
        assert answers.answer()[0] == 201


@pytest.mark.parametrize(
    ("request_line", "status"),
    [("GET /elsewhere HTTP/1.1", 404), ("PUT /api/v1/shops/messages HTTP/1.1", 405), ("GET /x SMTP/1.1", 400),
     ("GET /api/v1/shops/s/messages/stream HTTP/1.1", 400), ("GET /healthz HTTP/1.0", 200)],
)  # fmt: skip
def test_other_requests_have_their_status(floor, request_line, status):
    with connected(floor) as connection:
        connection.sendall(f"{request_line}\r\nHost: x\r\n\r\n".encode())
        assert Reader(connection).answer()[0] == status
