"""PUT /api/v1/shops/messages."""

import pytest
from support.streams import open_stream, receive

PATH = "/api/v1/shops/messages"


def try_edit(shop, message_id, text, user=None):
    return shop.server.request("PUT", PATH, user or shop.member, json={"message_id": message_id, "message": text})


def edit(shop, message, text):
    answer = try_edit(shop, message["id"], text, message["user_id"])
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()["data"]


def test_an_edit_changes_the_text_and_marks_the_message(shop):
    before = shop.post("befoer", shop.member)
    answer = try_edit(shop, before["id"], "before")
    assert answer.status_code == 200 and answer.json()["status"] == 200
    after = answer.json()["data"]
    assert after == {**before, "message": "before", "is_edited": True, "updated_at": after["updated_at"]}
    assert after["updated_at"] > after["created_at"]
    assert shop.list() == [after]


def test_an_edit_is_later_than_every_earlier_change_of_the_shop(shop):
    messages = [shop.post(str(number)) for number in range(5)]
    times = [message["created_at"] for message in messages]
    for message in reversed(messages):
        times.append(edit(shop, message, "edited")["updated_at"])
        times.append(shop.post("between")["created_at"])
    times.append(edit(shop, messages[0], "again")["updated_at"])
    assert times == sorted(set(times))


def test_since_returns_messages_that_were_edited_after_it(shop):
    first, second, third = (shop.post(text) for text in "abc")
    edited = edit(shop, first, "A")
    assert shop.list(since=second["created_at"]) == [third, edited]
    assert shop.list(since=third["created_at"]) == [edited]
    assert shop.list(since=edited["updated_at"]) == []
    assert shop.list() == [edited, second, third], "without since the order is that of the creation"


def test_an_edited_reply_stays_a_reply(shop):
    parent = shop.post("question")
    reply = shop.post("answer", parent_id=parent["id"])
    assert edit(shop, reply, "a better answer")["parent_id"] == parent["id"]


def test_only_the_author_may_edit_and_not_even_an_admin(shop):
    message = shop.post("mine", shop.member)
    answer = try_edit(shop, message["id"], "not yours", shop.admin)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_the_author")
    assert shop.list() == [message]


def test_a_message_of_a_foreign_shop_looks_like_one_that_is_missing(shop, common_server):
    theirs = next(common_server.fresh_shops).post("elsewhere")
    foreign, missing = try_edit(shop, theirs["id"], "x"), try_edit(shop, "no-such-message", "x")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


def test_an_author_without_a_membership_may_not_edit(shop):
    # The token is good, and the message is the user's: but the shop is not open to the outsider.
    message = shop.post("x")
    assert try_edit(shop, message["id"], "x", shop.outsider).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"message": "x"}, {"message_id": "ID"}, {"message_id": 7, "message": "x"}, {"message_id": "ID", "message": 7},
     {"message_id": "ID", "message": None}, {"message_id": "ID", "message": " \n"}, {"message_id": "", "message": "x"},
     {"message_id": "ID", "message": "a\0b"}, {"message_id": "ID", "message": "x" * 16385}, ["ID", "x"], "x", None],
)  # fmt: skip
def test_a_malformed_edit_is_400_and_changes_nothing(shop, body):
    message = shop.post("untouched", shop.member)
    if isinstance(body, dict) and body.get("message_id") == "ID":
        body = {**body, "message_id": message["id"]}
    answer = shop.server.request("PUT", PATH, shop.member, json=body)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"message", "code"}
    assert shop.list() == [message]


@pytest.mark.parametrize("identifier", ["x" * 200, "x" * 60_000, "\u00e9" * 100, "a b/c", "' OR 1=1 --", "\x01"])
def test_an_id_that_no_message_can_have_is_404(shop, identifier):
    assert try_edit(shop, identifier, "x").status_code == 404


def test_an_edit_needs_a_token(shop):
    assert shop.server.request("PUT", PATH, json={"message_id": "x", "message": "x"}).status_code == 401


def test_an_edited_message_reaches_every_stream_in_its_own_form(shop):
    message = shop.post("before", shop.member)
    with open_stream(shop.server, shop.id, shop.admin) as bare, open_stream(
        shop.server, shop.id, shop.member, subprotocols=["shopstream.v2"]
    ) as events:
        edited = edit(shop, message, "after")
        assert receive(bare) == edited
        assert receive(events) == {"type": "message.edited", "data": edited}
