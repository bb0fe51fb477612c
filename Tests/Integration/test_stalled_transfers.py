"""Transfers that do not advance: they hold little, other clients do not feel them, and they are ended
by their lack of progress. All of them stall at the same time, as each takes as long as the server waits."""

import types

import pytest
from support.deadline import wait_until
from support.images import IMAGE_BYTES_MAX, PNG, UPLOAD_PATH, file_part, form, upload
from support.rawsocket import RawSocket
from support.server import Server
from support.shops import shops_of
from support.tokens import token

MIB = 1024 * 1024
READER_COUNT = 60
# ServerLimits.progressCreditMax, and what a busy machine takes beside.
STALL_SECONDS_MAX = 40


def begin_upload(server, shop):
    """An upload that sends less than its announced length."""
    body, kind = form(file_part(PNG + bytes(400_000)))
    raw = RawSocket(server, seconds=60)
    raw.send(
        f"POST {UPLOAD_PATH}?shop_id={shop.id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.member)}\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: {kind}\r\n\r\n".encode() + body[:300_000]
    )
    return raw


def begin_download(server, path, user):
    raw = RawSocket(server, seconds=50, receive_buffer_bytes=4096)
    raw.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(user)}\r\n\r\n".encode())
    return raw


@pytest.fixture(scope="module")
def stalled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stalled")
    (shop,) = shops_of(None, 1)
    members = shop.memberships + [(shop.id, f"reader-{number}", "member") for number in range(READER_COUNT // 3)]
    server = Server(folder, members=members, reactors=1, env={"SHOPSTREAM_IMAGES": str(folder / "images")})
    shop.server = server.start()
    image = upload(shop, PNG + b"x" * (IMAGE_BYTES_MAX - len(PNG)))
    peers = [begin_upload(server, shop)]
    memory = server.resident_bytes()
    try:
        for number in range(READER_COUNT):
            peers.append(begin_download(server, image["image_url"], f"reader-{number // 3}"))
        yield types.SimpleNamespace(
            server=server, shop=shop, image=image, memory=memory, uploader=peers[0], readers=peers[1:],
            images=folder / "images",
        )  # fmt: skip
    finally:
        for peer in peers:
            peer.socket.close()
        server.end()


def test_unread_images_hold_little(stalled):
    assert {peer.socket.recv(12) for peer in stalled.readers} == {b"HTTP/1.1 200"}
    assert stalled.server.resident_bytes() - stalled.memory < READER_COUNT * 256 * 1024 + 16 * MIB


def test_other_clients_read_and_write_meanwhile(stalled):
    stalled.shop.post("goes on")
    assert [message["message"] for message in stalled.shop.list()] == ["goes on"]


def test_an_upload_that_stalls_is_ended_and_leaves_nothing(stalled):
    assert stalled.uploader.response()[0] == 408
    stored = [f"{stalled.image['message_id']}.png"]
    wait_until(lambda: [path.name for path in stalled.images.iterdir()] == stored, 10, "its temporary file is removed")


def test_readers_that_take_nothing_are_ended(stalled):
    server = stalled.server
    wait_until(
        lambda: server.metric("http_responses_cut_total", reason="stalled") == READER_COUNT,
        seconds=STALL_SECONDS_MAX, what="those that read nothing are ended",
    )  # fmt: skip
    answer = server.request("GET", stalled.image["image_url"], stalled.shop.member)
    assert answer.content[:8] == PNG[:8]
