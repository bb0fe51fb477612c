"""GET /api/v1/shops/:shop_id/messages/paginated."""

import threading

import pytest
from support.seeds import seeded


def ask(shop, user=None, **query):
    return shop.server.request("GET", f"/api/v1/shops/{shop.id}/messages/paginated", user or shop.member, params=query)


def page(shop, **query):
    answer = ask(shop, **query)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    assert answer.json()["status"] == 200
    return answer.json()["data"]


@pytest.fixture
def posted(shop):
    """Seven messages, the newest first."""
    return [shop.post(str(number)) for number in range(7)][::-1]


def walk(shop, first, direction, **query):
    """The pages from `first` on, by the cursor that each gives for the next."""
    found = first
    while True:
        yield found["messages"]
        if found["next_cursor"] is None:
            return
        found = page(shop, **{direction: found["next_cursor"]}, **query)


def test_pages_by_number_are_newest_first(shop, posted):
    assert page(shop, limit=3) == {
        "messages": posted[:3], "next_cursor": posted[2]["id"],
        "pagination": {"page": 1, "limit": 3, "total_pages": 3, "has_next": True, "has_prev": False},
    }  # fmt: skip
    assert page(shop, limit=3, page=3) == {
        "messages": posted[6:], "next_cursor": None,
        "pagination": {"page": 3, "limit": 3, "total_pages": 3, "has_next": False, "has_prev": True},
    }  # fmt: skip


def test_the_defaults_are_the_first_page_of_twenty(shop):
    posted = [shop.post(str(number)) for number in range(21)][::-1]
    found = page(shop)
    assert found["messages"] == posted[:20]
    assert found["pagination"] == {"page": 1, "limit": 20, "total_pages": 2, "has_next": True, "has_prev": False}


def test_a_page_after_the_last_is_empty(shop, posted):
    for number in (4, 3_000):
        found = page(shop, limit=3, page=number)
        assert found["messages"] == [] and found["next_cursor"] is None
        assert found["pagination"] == {
            "page": number, "limit": 3, "total_pages": 3, "has_next": False, "has_prev": True,
        }  # fmt: skip


def test_an_empty_shop_has_one_page(shop):
    assert page(shop) == {
        "messages": [], "next_cursor": None,
        "pagination": {"page": 1, "limit": 20, "total_pages": 1, "has_next": False, "has_prev": False},
    }  # fmt: skip


def test_pages_that_are_just_full_have_no_empty_one_after_them(shop, posted):
    found = page(shop, limit=7)
    assert found["pagination"]["total_pages"] == 1 and found["next_cursor"] is None
    before = page(shop, limit=3, before_id=posted[3]["id"])
    assert before == {"messages": posted[4:], "next_cursor": None}


def test_a_cursor_gives_the_messages_next_to_it_newest_first(shop, posted):
    before = page(shop, limit=2, before_id=posted[2]["id"])
    assert before == {"messages": posted[3:5], "next_cursor": posted[4]["id"]}
    after = page(shop, limit=2, after_id=posted[4]["id"])
    assert after == {"messages": posted[2:4], "next_cursor": posted[2]["id"]}


def test_cursors_at_the_ends_give_no_messages(shop, posted):
    assert page(shop, before_id=posted[-1]["id"]) == {"messages": [], "next_cursor": None}
    assert page(shop, after_id=posted[0]["id"]) == {"messages": [], "next_cursor": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_walk_by_cursor_meets_every_message_once(shop, posted, limit):
    down = [message for part in walk(shop, page(shop, limit=limit), "before_id", limit=limit) for message in part]
    assert down == posted
    oldest = page(shop, limit=limit, after_id=posted[-1]["id"])
    up = [message for part in walk(shop, oldest, "after_id", limit=limit) for message in reversed(part)]
    assert up == posted[:-1][::-1]


def test_an_edit_moves_no_message(shop, posted):
    body = {"message_id": posted[5]["id"], "message": "edited"}
    edited = shop.server.request("PUT", "/api/v1/shops/messages", shop.admin, json=body).json()["data"]
    assert page(shop)["messages"] == posted[:5] + [edited] + posted[6:]


def test_both_cursors_are_one_too_many(shop, posted):
    answer = ask(shop, before_id=posted[0]["id"], after_id=posted[1]["id"])
    assert (answer.status_code, answer.json()["code"]) == (400, "two_cursors")


@pytest.mark.parametrize("direction", ["before_id", "after_id"])
def test_a_cursor_must_be_a_message_of_the_shop(shop, common_server, direction):
    theirs = next(common_server.fresh_shops).post("elsewhere")
    foreign = ask(shop, **{direction: theirs["id"]})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "foreign_cursor")
    for identifier in ("no-such-message", "", "x" * 500, "' OR 1=1 --"):
        missing = ask(shop, **{direction: identifier})
        assert (missing.status_code, missing.json()["code"]) == (404, "unknown_cursor")


@pytest.mark.parametrize("name", ["limit", "page"])
@pytest.mark.parametrize("value", ["", "0", "-1", "two", "1.5", "1e2", "+1", " 1", "9" * 30, "\u0661"])
def test_a_number_that_is_none_or_out_of_range_is_400(shop, name, value):
    answer = ask(shop, **{name: value})
    assert (answer.status_code, answer.json()["code"]) == (400, f"bad_{name}")


def test_the_limit_is_a_hundred(shop):
    assert ask(shop, limit=100).status_code == 200
    assert ask(shop, limit=101).status_code == 400


def test_only_members_may_read_and_a_missing_shop_looks_the_same(shop, posted):
    theirs = ask(shop, user=shop.outsider)
    missing = shop.server.request("GET", "/api/v1/shops/no-such-shop/messages/paginated", shop.member)
    cursor = ask(shop, user=shop.outsider, before_id=posted[0]["id"])
    assert theirs.status_code == missing.status_code == cursor.status_code == 403
    assert theirs.json() == missing.json() == cursor.json()
    assert shop.server.request("GET", f"/api/v1/shops/{shop.id}/messages/paginated").status_code == 401


@pytest.mark.parametrize("direction", ["before_id", "after_id"])
def test_a_walk_under_writes_and_deletions_meets_each_lasting_message_once(shop, direction):
    chance = seeded()
    lasting = [shop.post(f"lasting {number}") for number in range(60)]
    victims = [shop.post(f"victim {number}") for number in range(30)]
    chance.shuffle(victims)
    stopped = threading.Event()
    failures = []

    def disturb():
        try:
            while victims and not stopped.is_set():
                if chance.random() < 0.5:
                    shop.post("new")
                else:
                    path = f"/api/v1/shops/messages/{victims.pop()['id']}"
                    assert shop.server.request("DELETE", path, shop.admin).status_code == 200
        except AssertionError as failure:
            failures.append(failure)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    met = []
    start = lasting[-1] if direction == "before_id" else lasting[0]
    cursor = start["id"]
    # A cursor is a message that may be deleted: then the walk continues from the last one that still exists.
    while cursor is not None:
        answer = ask(shop, limit=3, **{direction: cursor})
        if answer.status_code == 404:
            met.pop()
            cursor = met[-1] if met else start["id"]
            continue
        found = answer.json()["data"]
        ids = [message["id"] for message in found["messages"]]
        met += ids if direction == "before_id" else ids[::-1]
        cursor = found["next_cursor"]
        if len(met) > 90:
            stopped.set()
    stopped.set()
    disturber.join()
    assert not failures
    assert len(met) == len(set(met)), "no message is met twice"
    expected = [message["id"] for message in lasting if message is not start]
    order = {identifier: place for place, identifier in enumerate(met)}
    assert set(expected) <= set(order), "every message that was there all the time is met"
    places = [order[identifier] for identifier in expected]
    assert places == sorted(places, reverse=direction == "before_id")
