"""Responses are produced while they are sent, and little of one is in memory. Peers that take nothing are in
test_stalled_transfers.py."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.tokens import token

MIB = 1024 * 1024
# Each byte becomes six in JSON.
HOSTILE_TEXT = "\u0001" * 16_384


def request(path, user, method="GET", version="1.1"):
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\nAuthorization: Bearer {token(user)}\r\n\r\n".encode()


def list_path(shop):
    return f"/api/v1/shops/{shop.id}/messages"


def fill(shop, count, text=HOSTILE_TEXT):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: shop.post(text), range(count)))


@pytest.fixture
def shop(serve, tmp_path):
    members = [("shop-0", f"reader-{number}", "member") for number in range(30)]
    env = {"SHOPSTREAM_IMAGES": str(tmp_path / "images")}
    return serve(reactors=1, shops=1, members=members, env=env).shops[0]


def test_unread_lists_hold_little(shop):
    server = shop.server
    fill(shop, 300)
    before = server.resident_bytes()
    sockets = [RawSocket(server, seconds=50, receive_buffer_bytes=4096) for _ in range(60)]
    try:
        for number, peer in enumerate(sockets):
            path = list_path(shop) + ("" if number % 2 else "/paginated?limit=100")
            peer.send(request(path, f"reader-{number // 3}"))
        assert {peer.socket.recv(12) for peer in sockets} == {b"HTTP/1.1 200"}
        assert server.resident_bytes() - before < 60 * 256 * 1024 + 16 * MIB
        assert server.metric("shopstream_response_bytes", reactor="0") <= 61 * 256 * 1024
    finally:
        for peer in sockets:
            peer.socket.close()
    wait_until(
        lambda: server.metric("shopstream_response_bytes", reactor="0") < 256 * 1024,
        what="what the gone clients held is free",
    )


def test_a_long_list_comes_whole_in_every_form(shop):
    fill(shop, 40)
    fill(shop, 40, "short")
    expected = [message["id"] for message in shop.server.request("GET", list_path(shop), shop.member).json()["data"]]
    assert len(expected) == 80
    whole = shop.server.request("GET", list_path(shop), shop.member)
    assert whole.headers["transfer-encoding"] == "chunked" and "content-length" not in whole.headers
    assert whole.json()["has_more"] is False
    assert sum(message["message"] == HOSTILE_TEXT for message in whole.json()["data"]) == 40

    with RawSocket(shop.server) as old:
        old.send(request(list_path(shop), shop.member, version="1.0"))
        status, headers, body = old.response()
        assert status == 200 and "transfer-encoding" not in headers and headers["connection"] == "close"
        assert [message["id"] for message in json.loads(body)["data"]] == expected

    with RawSocket(shop.server) as peer:
        peer.send(request(list_path(shop), shop.member, method="HEAD") + request("/healthz", shop.member))
        assert peer.response(has_body=False)[0] == 200
        assert json.loads(peer.response()[2])["status"] == "alive"

    pages, path, cursor = [], list_path(shop) + "/paginated", None
    while True:
        params = {"limit": 30, **({"before_id": cursor} if cursor else {})}
        data = shop.server.request("GET", path, shop.member, params=params).json()["data"]
        pages += [message["id"] for message in data["messages"]]
        cursor = data["next_cursor"]
        if not cursor:
            break
    assert pages == expected[::-1]


def test_a_list_that_fits_is_sent_whole(shop):
    shop.post("small")
    answer = shop.server.request("GET", list_path(shop), shop.member)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_slow_reader_gets_all_as_long_as_it_takes_enough(shop):
    fill(shop, 8)
    with RawSocket(shop.server, receive_buffer_bytes=4096) as peer:
        peer.send(request(list_path(shop), shop.member).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        peer.socket.settimeout(20)
        received = b""
        # Some 64 KiB a second, for longer than a peer that takes nothing would have.
        while more := peer.socket.recv(16 * 1024):
            received += more
            time.sleep(0.2)
    assert received.endswith(b"0\r\n\r\n")


def test_numbered_pages_have_a_depth(shop):
    path = list_path(shop) + "/paginated"
    for query, status in [
        ("page=101&limit=100", 200), ("page=102&limit=100", 400), ("page=10001&limit=1", 200),
        ("page=10002&limit=1", 400), ("page=9223372036854775807&limit=100", 400),
    ]:  # fmt: skip
        answer = shop.server.request("GET", f"{path}?{query}", shop.member)
        assert answer.status_code == status, query
        if status == 400:
            assert answer.json()["code"] == "page_too_deep"
