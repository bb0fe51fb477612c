"""Rows that no server of ours would write: a list leaves them out at worst, and the shop's clock does not follow them."""

import datetime
import sqlite3

import pytest
from support.deadline import wait_until
from support.postgres import Postgres
from support.streams import open_stream, receive

MICROSECONDS = [-(2**63), -77_000_000_000_000_000, 253_402_300_799_999_999, 253_402_300_800_000_000, 2**63 - 1]
TIMES = ["-infinity", "0500-01-01 00:00:00+00 BC", "9999-12-31 23:59:59.999999+00", "250000-01-01 00:00:00+00", "infinity"]


class SQLite:
    def __init__(self, path):
        self.path = path

    def insert(self, shop, message_id, created, updated=None):
        with sqlite3.connect(self.path, timeout=10) as connection:
            connection.execute(
                "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at) VALUES (?,?,?,?,?,?)",
                (message_id, shop.id, "somebody", message_id, created, updated),
            )

    def insert_strange(self, shop):
        for number, time in enumerate(MICROSECONDS):
            self.insert(shop, f"strange-{number}", time)
            self.insert(shop, f"updated-{number}", 1_000_000 + number, time)

    def insert_future(self, shop):
        self.insert(shop, "future", 4_070_908_800_000_000)


class Cluster:
    def __init__(self, postgres):
        self.postgres = postgres

    def insert(self, shop, message_id, created, updated="NULL"):
        self.postgres.sql(
            "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, updated_at, is_edited) "
            f"VALUES ('{message_id}', '{shop.id}', 'somebody', '{message_id}', {created}, {updated}, false)"
        )

    def insert_strange(self, shop):
        for number, time in enumerate(TIMES):
            self.insert(shop, f"strange-{number}", f"'{time}'")
            self.insert(shop, f"updated-{number}", f"to_timestamp({number + 1})", f"'{time}'")

    def insert_future(self, shop):
        self.insert(shop, "future", "'2099-01-01 00:00:00+00'")


@pytest.fixture(params=["sqlite", "postgres"])
def rows_and_server(request, serve, tmp_path):
    if request.param == "sqlite":
        path = tmp_path / "rows.sqlite"
        server = serve(shops=2, store=f"sqlite:{path}")
        yield SQLite(path), server
        return
    postgres = Postgres()
    try:
        assert postgres.migrate().returncode == 0
        server = serve(shops=2, store=postgres.uri)
        wait_until(lambda: server.metric("shopstream_database_listening") == 1, 10, "a listener")
        yield Cluster(postgres), server
    finally:
        postgres.remove()


def check_time(text):
    year = datetime.datetime.fromisoformat(text).year
    return 1 <= year <= 9999


def is_now(text):
    time = datetime.datetime.fromisoformat(text)
    return abs((time - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 120


def test_rows_of_impossible_times_are_left_out_at_worst(rows_and_server):
    rows, server = rows_and_server
    shop = server.shops[0]
    rows.insert_strange(shop)
    posted = [shop.post(f"number {number}") for number in range(5)]
    assert all(is_now(message["created_at"]) for message in posted)
    listed = shop.list()
    assert [message for message in listed if message in posted] == posted
    assert all(check_time(message["created_at"]) for message in listed)
    assert {message["id"] for message in listed} >= {f"updated-{number}" for number in range(5)}
    # Whatever a client reads in pages ends.
    path = f"/api/v1/shops/{shop.id}/messages"
    for cursor in ("before_id", "after_id"):
        at, seen = posted[2]["id"], []
        for _ in range(20):
            page = server.request("GET", path + "/paginated", shop.admin, params={cursor: at, "limit": 2}).json()["data"]
            seen += [message["id"] for message in page["messages"]]
            at = page["next_cursor"]
            if at is None:
                break
        assert at is None and len(seen) == len(set(seen))
    for page in range(1, 9):
        answer = server.request("GET", path + "/paginated", shop.admin, params={"page": page, "limit": 2})
        assert answer.status_code == 200, answer.text
    since, seen = "0001-01-01T00:00:00Z", []
    for _ in range(40):
        body = server.request("GET", path, shop.admin, params={"since": since, "limit": 1}).json()
        seen += [message["id"] for message in body["data"]]
        if not body["has_more"]:
            break
        since = body["data"][-1]["updated_at"] or body["data"][-1]["created_at"]
    assert not body["has_more"] and len(seen) == len(set(seen)) and {message["id"] for message in posted} <= set(seen)
    for name in ("strange", "updated"):
        for number in range(5):
            answer = server.request(
                "PUT", "/api/v1/shops/messages", shop.admin, json={"message_id": f"{name}-{number}", "message": "x"}
            )
            assert answer.status_code == 403, answer.text
    assert server.is_alive()


def test_a_row_of_the_future_dates_nothing_that_is_posted_later(rows_and_server):
    rows, server = rows_and_server
    fresh, used = server.shops
    used.post("so that the shop has a clock")
    with open_stream(server, used.id, used.member) as stream:
        rows.insert_future(fresh)
        posted = fresh.post("after it")
        assert is_now(posted["created_at"]), posted
        if isinstance(rows, Cluster):
            rows.insert(used, "future-2", "'2099-01-01 00:00:00+00'")
            assert receive(stream)["id"] == "future-2"
        assert is_now(used.post("after it")["created_at"])
    server.terminate()
    server.start()
    assert is_now(fresh.post("after a restart")["created_at"])
