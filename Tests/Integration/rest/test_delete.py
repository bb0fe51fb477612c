"""DELETE /api/v1/shops/messages/:message_id."""

from urllib.parse import quote

import pytest
from support.streams import open_stream, receive


def delete(shop, message_id, user=None):
    return shop.server.request("DELETE", f"/api/v1/shops/messages/{quote(message_id, safe='')}", user or shop.member)


def test_an_author_deletes_a_message(shop):
    gone, kept = shop.post("gone", shop.member), shop.post("kept", shop.member)
    answer = delete(shop, gone["id"])
    assert answer.status_code == 200
    assert answer.json()["status"] == 200 and answer.json()["data"] is None
    assert shop.list() == [kept]
    assert shop.list(since="1970-01-01T00:00:00Z") == [kept]
    assert delete(shop, gone["id"]).status_code == 404


def test_an_admin_deletes_messages_of_others_and_a_member_does_not(shop):
    of_member, of_admin = shop.post("a", shop.member), shop.post("b", shop.admin)
    answer = delete(shop, of_admin["id"], shop.member)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_author")
    assert delete(shop, of_member["id"], shop.admin).status_code == 200
    assert shop.list() == [of_admin]


def test_a_message_of_a_foreign_shop_looks_like_one_that_is_missing(shop, common_server):
    other = next(common_server.fresh_shops)
    theirs = other.post("elsewhere")
    foreign, missing = delete(shop, theirs["id"], shop.admin), delete(shop, "no-such-message", shop.admin)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()
    assert other.list() == [theirs]


@pytest.mark.parametrize("identifier", ["x" * 200, "x" * 4000, "a b/c", "%", "' OR 1=1 --", "\x01\n", "日本"])
def test_an_id_that_no_message_can_have_is_404(shop, identifier):
    answer = delete(shop, identifier)
    assert answer.status_code == 404 and set(answer.json()) == {"message", "code"}


def test_a_deletion_needs_a_token(shop):
    message = shop.post("x")
    assert shop.server.request("DELETE", f"/api/v1/shops/messages/{message['id']}").status_code == 401
    assert shop.list() == [message]


def test_a_deleted_message_can_be_edited_no_more_and_no_more_be_answered(shop):
    message = shop.post("x", shop.member)
    reply = shop.post("before", parent_id=message["id"])
    assert delete(shop, message["id"]).status_code == 200
    body = {"message_id": message["id"], "message": "y"}
    assert shop.server.request("PUT", "/api/v1/shops/messages", shop.member, json=body).status_code == 404
    assert shop.server.try_post(shop.id, shop.member, "after", parent_id=message["id"]).status_code == 400
    assert shop.list() == [reply], "an answer outlives the question, and still names it"


def test_times_still_rise_after_a_deletion(shop):
    times = []
    for _ in range(5):
        message = shop.post("x", shop.member)
        times.append(message["created_at"])
        assert delete(shop, message["id"]).status_code == 200
    assert times == sorted(set(times))


def test_a_deletion_is_published_to_streams_of_v2_and_to_no_bare_one(shop):
    message = shop.post("x", shop.member)
    with open_stream(shop.server, shop.id, shop.admin) as bare, open_stream(
        shop.server, shop.id, shop.member, subprotocols=["shopstream.v2"]
    ) as events:
        assert delete(shop, message["id"]).status_code == 200
        after = shop.post("y")
        deleted = receive(events)
        assert deleted == {"type": "message.deleted", "data": {"id": message["id"], "shop_id": shop.id}}
        assert receive(events) == {"type": "message.created", "data": after}
        assert receive(bare) == after, "the first frame of the bare stream is what came after the deletion"


def test_a_refused_deletion_is_not_published(shop):
    message = shop.post("x", shop.admin)
    with open_stream(shop.server, shop.id, shop.member, subprotocols=["shopstream.v2"]) as events:
        assert delete(shop, message["id"], shop.member).status_code == 403
        assert delete(shop, "no-such-message").status_code == 404
        after = shop.post("y")
        assert receive(events) == {"type": "message.created", "data": after}
