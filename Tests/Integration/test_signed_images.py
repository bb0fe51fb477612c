"""`SHOPSTREAM_IMAGE_URLS=signed`: images by URLs that need no token and expire."""

import re
import stat
import time
import urllib.parse

import pytest
import requests
from support.deadline import wait_until
from support.images import IMAGE_BYTES_MAX, PNG, upload
from support.rawsocket import RawSocket
from support.server import Server
from support.shops import shops_of
from support.tokens import token

READS_PER_SHOP = 256  # by signed URLs, of one reactor


@pytest.fixture
def server(tmp_path, request):
    members = [row for shop in shops_of(None, 2) for row in shop.memberships]
    server = Server(
        tmp_path, members=members, reactors=getattr(request, "param", 2),
        env={
            "SHOPSTREAM_IMAGE_URLS": "signed", "SHOPSTREAM_IMAGES": str(tmp_path / "images"),
            "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
        },
    )  # fmt: skip
    server.env["SHOPSTREAM_PUBLIC_URL"] = server.url()
    server.shops = shops_of(server, 2)
    yield server.start()
    server.end()
    print(server.log_tail())


def marked(text):
    return re.search(r"\[IMAGE:([^\]]*)\]", text).group(1)


def test_images_are_served_by_their_signed_url_alone(server, tmp_path):
    shop, other = server.shops
    content = PNG + bytes(100_000)
    url = upload(shop, content)["image_url"]
    assert url.startswith(server.url("/api/v1/shops/"))
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 200 and answer.content == content
    age = int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"]).group(1))
    assert 86_000 < age <= 86_400 and answer.headers["Content-Type"] == "image/png"
    bare = url.split("?")[0]
    assert requests.get(bare, timeout=5).status_code == 401
    assert requests.get(bare, headers={"Authorization": f"Bearer {token(shop.member)}"}, timeout=5).status_code == 200
    expires = int(urllib.parse.parse_qs(url.split("?")[1])["expires"][0])
    begun, signature = url.split("signature=")
    forged = ("B" if signature[0] == "A" else "A") + signature[1:]
    for wrong in (f"{begun}signature={forged}", url.replace(f"expires={expires}", f"expires={expires + 1}"),
                  url.replace(shop.id, other.id), f"{bare}?signature=", f"{bare}?signature=x&expires=1"):  # fmt: skip
        refused = requests.get(wrong, timeout=5)
        assert (refused.status_code, refused.json()["code"]) == (403, "bad_image_link"), wrong
    key = tmp_path / "images" / ".signing-key"
    assert key.stat().st_size == 32 and stat.S_IMODE(key.stat().st_mode) == 0o600


def test_texts_are_stored_bare_and_shown_signed(server, tmp_path):
    shop = server.shops[0]
    url = upload(shop)["image_url"]
    stream = RawSocket(server).opened(shop.id, shop.member)
    posted = server.post(shop.id, shop.member, f"look [IMAGE:{url}]")
    frame = stream.frame()[1].decode()
    stream.socket.close()
    listed = server.list(shop.id, shop.member)[0]["message"]
    page = server.request("GET", f"/api/v1/shops/{shop.id}/messages/paginated", shop.member).json()["data"]["messages"]
    for text in (posted["message"], frame, listed, page[0]["message"]):
        assert requests.get(marked(text), timeout=5).content == PNG
    edited = server.request(
        "PUT", "/api/v1/shops/messages", shop.member, json={"message_id": posted["id"], "message": f"now {listed}"}
    ).json()["data"]["message"]
    assert requests.get(marked(edited), timeout=5).content == PNG
    server.terminate()
    # Without the setting the text is shown as it is stored. Another start keeps the key.
    server.env["SHOPSTREAM_IMAGE_URLS"] = "members"
    server.start()
    path = urllib.parse.urlsplit(url).path
    assert server.list(shop.id, shop.member)[0]["message"] == f"now look [IMAGE:{path}]"
    server.terminate()
    server.env["SHOPSTREAM_IMAGE_URLS"] = "signed"
    server.start()
    assert requests.get(url, timeout=5).status_code == 200


def test_lists_and_frames_sign_for_a_day(server):
    shop = server.shops[0]
    url = upload(shop)["image_url"]
    streams = [RawSocket(server).opened(shop.id, shop.member) for _ in range(2)]
    for number in range(3):
        server.post(shop.id, shop.member, f"{number} [IMAGE:{url}]")
    for number in range(3):
        # A frame is encoded once: its streams get the same signature.
        frames = {stream.frame()[1] for stream in streams}
        assert len(frames) == 1
    for stream in streams:
        stream.socket.close()
    texts = [message["message"] for message in server.list(shop.id, shop.member)]
    assert len(texts) == 3
    for text in texts:
        listed = urllib.parse.urlsplit(marked(text))
        query = urllib.parse.parse_qs(listed.query)
        assert marked(text).startswith(server.url("/")) and 86_000 < int(query["expires"][0]) - time.time() <= 86_400
        assert set(query) == {"expires", "signature"}


def test_an_edit_takes_back_a_full_text_with_signed_urls(server):
    shop = server.shops[0]
    url = upload(shop)["image_url"]
    path = urllib.parse.urlsplit(url).path
    marker = f"[IMAGE:{path}]"
    text = marker * 2 + "x" * (16_384 - 2 * len(marker))
    posted = server.post(shop.id, shop.member, text)
    assert len(posted["message"]) > 16_384
    edited = server.request(
        "PUT", "/api/v1/shops/messages", shop.member,
        json={"message_id": posted["id"], "message": posted["message"]},
    )  # fmt: skip
    assert edited.status_code == 200
    refused = server.request(
        "PUT", "/api/v1/shops/messages", shop.member,
        json={"message_id": posted["id"], "message": posted["message"] + "x"},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (400, "message_too_long")


def ask(server, url):
    """A connection that asked for an image and reads no more than the status."""
    raw = RawSocket(server, receive_buffer_bytes=4096)
    target = url.removeprefix(server.url())
    raw.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return raw, raw.socket.recv(12)


@pytest.mark.parametrize("server", [1], indirect=True)
def test_unread_images_of_one_shop_leave_room_for_the_rest(server):
    shop, other = server.shops
    url = upload(shop, PNG + bytes(IMAGE_BYTES_MAX - len(PNG)))["image_url"]
    others_url = upload(other)["image_url"]
    held = []
    try:
        for _ in range(READS_PER_SHOP):
            raw, status = ask(server, url)
            held.append(raw)
            assert status == b"HTTP/1.1 200"
        refused = requests.get(url, timeout=5)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_responses")
        assert int(refused.headers["Retry-After"]) >= 1
        assert requests.get(others_url, timeout=5).status_code == 200
        # A request with a token counts by its user.
        target = url.removeprefix(server.url()).split("?")[0]
        assert server.request("GET", target, shop.member).status_code == 200
    finally:
        for raw in held:
            raw.socket.close()
    wait_until(lambda: requests.get(url, timeout=10).status_code == 200, what="the reads have ended")


def test_signed_urls_need_a_public_url(tmp_path):
    server = Server(tmp_path, env={"SHOPSTREAM_IMAGE_URLS": "signed"}).launch()
    try:
        assert server.wait() == 78
        assert "SHOPSTREAM_PUBLIC_URL" in server.log()
    finally:
        server.end()
