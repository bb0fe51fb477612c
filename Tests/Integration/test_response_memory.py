"""Peers that do not read: what is held for them is bounded, and nobody else notices."""

from support.deadline import wait_until
from support.images import IMAGE_BYTES_MAX, PNG, upload
from support.rawsocket import RawSocket
from support.tokens import token

MIB = 1024 * 1024
# What one reactor holds of responses, see ServerLimits.
HELD_BYTES_MAX = 256 * MIB


def test_peers_that_read_nothing_are_refused_beyond_a_bound(serve, tmp_path):
    server = serve(reactors=1, shops=1, env={"SHOPSTREAM_IMAGES": str(tmp_path / "images")})
    shop = server.shops[0]
    image = upload(shop, PNG + b"x" * (IMAGE_BYTES_MAX - len(PNG)))
    before = server.resident_bytes()
    request = (
        f"GET {image['image_url']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.member)}\r\n\r\n"
    ).encode()
    sockets = [RawSocket(server, seconds=50, receive_buffer_bytes=4096) for _ in range(200)]
    try:
        for peer in sockets:
            peer.send(request)
        heads = [peer.socket.recv(12) for peer in sockets]
        refused = [peer for peer, head in zip(sockets, heads) if head == b"HTTP/1.1 503"]
        assert set(heads) == {b"HTTP/1.1 200", b"HTTP/1.1 503"}
        assert 200 - len(refused) >= HELD_BYTES_MAX // IMAGE_BYTES_MAX
        rest = refused[0].socket.recv(4096)
        assert b"retry-after: " in rest.lower() and b"too_many_responses" in rest
        assert server.resident_bytes() - before < 2 * HELD_BYTES_MAX
        # The small answers that writes get are given, and lists are refused before work is done for them.
        shop.post("goes on")
        answer = server.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.member)
        assert answer.status_code == 503 and answer.json()["code"] == "too_many_responses"
    finally:
        for peer in sockets:
            peer.socket.close()
    # Their memory is free as soon as they are gone.
    path = f"/api/v1/shops/{shop.id}/messages"
    wait_until(lambda: server.request("GET", path, shop.member).status_code == 200, what="there is room again")
    assert [message["message"] for message in shop.list()] == ["goes on"]
