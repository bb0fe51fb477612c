"""Beside an existing backend: its prefixes, its key of the author's name, its time of a message never edited."""

from support.images import fetch, try_upload
from support.streams import connect_to, open_stream, receive
from support.tokens import bearer

ENV = {
    "SHOPSTREAM_ROUTE_PREFIXES": "/api/v1/auth, /api/v1",
    "SHOPSTREAM_AUTHOR_KEY": "author_username",
    "SHOPSTREAM_UPDATED_AT_ON_CREATE": "created",
    "WEBSOCKET_INCLUDE_USERNAME": "true",
}


def test_routes_are_served_under_each_prefix(serve):
    server = serve(env=ENV)
    shop = server.shops[0]
    url = server.stream_url(shop.id).replace("/api/v1/", "/api/v1/auth/")
    with open_stream(server, shop.id, shop.member) as plain:
        with connect_to(server, url, additional_headers=bearer(shop.member)) as prefixed:
            for prefix in ("/api/v1/auth", "/api/v1"):
                body = {"shop_id": shop.id, "message": prefix}
                assert server.request("POST", f"{prefix}/shops/messages", shop.admin, json=body).status_code == 201
                assert receive(plain)["message"] == receive(prefixed)["message"] == prefix
                listed = server.request("GET", f"{prefix}/shops/{shop.id}/messages", shop.member)
                assert listed.status_code == 200
                assert server.request("GET", f"{prefix}/health/websocket").status_code == 200
    assert server.request("GET", "/shops/messages", shop.member).status_code == 404
    for route in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert server.request("GET", route).status_code == 200


def test_an_images_url_has_the_prefix_of_its_upload(serve):
    server = serve(env=ENV)
    shop = server.shops[0]
    image = try_upload(shop).json()["data"]
    assert image["image_url"].startswith("/api/v1/shops/")
    path = "/api/v1/auth/shops/messages/image/upload"
    files = {"file": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(16), "image/png")}
    answer = server.request("POST", path, shop.member, files=files, params={"shop_id": shop.id})
    other = answer.json()["data"]
    assert other["image_url"].startswith("/api/v1/auth/shops/")
    for one in (image, other):
        assert fetch(shop, one).status_code == 200
        swapped = {"image_url": one["image_url"].replace("/auth", "").replace("/api/v1/", "/api/v1/auth/")}
        assert fetch(shop, swapped).status_code == 200


def test_messages_have_the_backends_author_key_and_times(serve):
    server = serve(env=ENV)
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        answer = server.request(
            "POST", "/api/v1/shops/messages", json={"shop_id": shop.id, "message": "t"},
            headers=bearer(shop.admin, name="Ada"),
        )  # fmt: skip
        created = answer.json()["data"]
        assert created["updated_at"] == created["created_at"] and not created["is_edited"]
        assert created["author_username"] == "Ada" and "username" not in created
        assert receive(stream) == created
        assert shop.list() == [created]
        body = {"message_id": created["id"], "message": "edited"}
        edited = server.request("PUT", "/api/v1/shops/messages", shop.admin, json=body).json()["data"]
        assert edited["updated_at"] > edited["created_at"] and edited["is_edited"]
        assert receive(stream) == edited
