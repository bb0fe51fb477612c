"""Ids are compared byte for byte: "é" in its two spellings names two shops and two users."""

from urllib.parse import quote

from support.images import remove, try_upload
from support.shops import Shop
from support.streams import open_stream, receive

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
MEMBERS = [(COMPOSED, "ren\u00e9", "member"), (DECOMPOSED, "rene\u0301", "member")]


def test_two_spellings_are_two_shops_and_two_users(serve):
    server = serve(members=MEMBERS)
    for (shop, user, _), (other, stranger, _) in (MEMBERS, MEMBERS[::-1]):
        message = server.post(shop, user, shop)
        assert (message["shop_id"], message["user_id"]) == (shop, user)
        assert server.try_post(other, user, "x").status_code == 403
        assert server.try_post(shop, stranger, "x").status_code == 403
        assert [one["id"] for one in server.list(quote(shop), user)] == [message["id"]]
        foreign = server.request("GET", f"/api/v1/shops/{quote(other)}/messages", user)
        assert foreign.status_code == 403
        edit = {"message_id": message["id"], "message": "mine"}
        assert server.request("PUT", "/api/v1/shops/messages", stranger, json=edit).status_code == 404
        assert server.request("PUT", "/api/v1/shops/messages", user, json=edit).status_code == 200


def test_streams_and_metrics_distinguish_the_spellings(serve):
    server = serve(members=MEMBERS)
    with (
        open_stream(server, quote(COMPOSED), MEMBERS[0][1]) as one,
        open_stream(server, quote(DECOMPOSED), MEMBERS[1][1]) as two,
    ):
        for shop in (COMPOSED, DECOMPOSED):
            assert server.metric("websocket_connections_by_shop", shop_id=shop) == 1, ascii(shop)
        server.post(COMPOSED, MEMBERS[0][1], "for one")
        server.post(DECOMPOSED, MEMBERS[1][1], "for two")
        assert receive(one)["message"] == "for one"
        assert receive(two)["message"] == "for two"


def test_an_images_shop_is_distinguished_from_its_other_spelling(serve):
    server = serve(members=MEMBERS)
    shop = Shop(server, 0)
    shop.id, shop.member = COMPOSED, MEMBERS[0][1]
    image = try_upload(shop).json()["data"]
    assert server.request("GET", image["image_url"], shop.member).status_code == 200
    elsewhere = image["image_url"].replace(quote(COMPOSED), quote(DECOMPOSED))
    assert elsewhere != image["image_url"]
    assert server.request("GET", elsewhere, MEMBERS[1][1]).status_code == 404
    other = Shop(server, 0)
    other.id, other.member = DECOMPOSED, shop.member
    assert remove(other, image).status_code == 404
    assert remove(shop, image).status_code == 200
