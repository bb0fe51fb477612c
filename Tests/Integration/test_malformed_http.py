"""A corpus of malformed requests: each gets its status, and the server continues undisturbed."""

import json
import pathlib
import random

import pytest
from support.rawsocket import RawSocket
from support.tokens import token

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "HTTPTests" / "malformed-requests.json"
ENTRIES = json.loads(CORPUS.read_text()) if CORPUS.exists() else []


def request_bytes(entry, user):
    """A request is pieces of text, one byte a character, or a text and how often it repeats. What is wrong with a body
    is found only when a handler reads it, and that needs a token."""
    pieces = (piece if isinstance(piece, str) else piece[0] * piece[1] for piece in entry["request"])
    host = "\r\nHost: a\r\n"
    text = "".join(pieces)
    if text.startswith("POST "):
        text = text.replace(host, f"{host}Authorization: Bearer {token(user)}\r\n", 1)
    return text.encode("latin-1")


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["name"] for entry in ENTRIES])
def test_a_malformed_request_gets_its_status_and_the_end_of_the_connection(shop, entry):
    with RawSocket(shop.server) as raw:
        raw.send(request_bytes(entry, shop.admin))
        statuses = []
        while (answer := raw.response()) is not None:
            statuses.append(answer[0])
            if answer[1].get("connection") == "close":
                raw.send_no_more()
        assert statuses[-1:] == [entry["status"]]
    assert shop.post("unharmed")["message"] == "unharmed"


def test_the_corpus_is_there():
    assert len(ENTRIES) >= 40


def test_a_connection_that_sends_nothing_or_half_a_request_delays_no_other_client(shop):
    idle = [RawSocket(shop.server) for _ in range(50)]
    for index, raw in enumerate(idle):
        raw.send(b"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nContent-Le"[: index * 2])
    assert shop.post("not held up")["message"] == "not held up"
    for raw in idle:
        raw.socket.close()


def test_random_bytes_do_no_harm(shop):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    source = random.Random(seed)
    for _ in range(200):
        with RawSocket(shop.server) as raw:
            raw.send(source.randbytes(source.randrange(1, 4000)) + b"\r\n\r\n")
            raw.socket.shutdown(1)
            raw.read_to_end()
    assert shop.post("unharmed")["message"] == "unharmed"


def test_mutations_of_a_good_request_do_no_harm(shop):
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    source = random.Random(seed)
    body = json.dumps({"shop_id": shop.id, "message": "good"}).encode()
    good = (
        f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    for _ in range(300):
        data = bytearray(good)
        for _ in range(source.randrange(1, 4)):
            place = source.randrange(len(data))
            kind = source.randrange(3)
            if kind == 0:
                data[place] = source.randrange(256)
            elif kind == 1:
                del data[place]
            else:
                data.insert(place, source.choice(b"\r\n\0 :;,\xff\t0"))
        with RawSocket(shop.server) as raw:
            raw.send(bytes(data))
            raw.socket.shutdown(1)
            raw.read_to_end()
    assert shop.post("unharmed")["message"] == "unharmed"
    assert all(message["shop_id"] == shop.id for message in shop.list())
