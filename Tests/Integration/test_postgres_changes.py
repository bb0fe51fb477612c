"""Changes by other services reach the streams; our own writes reach them once."""

import pytest
from support.deadline import wait_until
from support.postgres import migrated
from support.streams import open_stream, receive

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'shopstream-listener'"


@pytest.fixture(scope="module")
def database():
    with migrated() as postgres:
        yield postgres


@pytest.fixture
def server(serve, database):
    server = serve(shops=2, store=database.uri)
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    return server


def insert(database, shop, message_id, text, time="now()"):
    database.sql(
        "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, is_edited) "
        f"VALUES ('{message_id}', '{shop.id}', 'somebody', '{text}', {time}, false)"
    )


def test_rows_of_other_services_become_frames(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream, open_stream(
        server, shop.id, shop.member, subprotocols=["shopstream.v2"]
    ) as events:
        insert(database, shop, "foreign-1", "Grüße")
        message = receive(stream)
        assert (message["id"], message["message"], message["user_id"]) == ("foreign-1", "Grüße", "somebody")
        assert message in shop.list()
        assert receive(events) == {"type": "message.created", "data": message}
        database.sql(
            "UPDATE shop_messages SET message = 'edited', updated_at = now(), is_edited = true WHERE id = 'foreign-1'"
        )
        edited = receive(stream)
        assert edited["message"] == "edited" and edited["is_edited"] and edited["updated_at"]
        assert receive(events) == {"type": "message.edited", "data": edited}
        database.sql("DELETE FROM shop_messages WHERE id = 'foreign-1'")
        assert receive(events) == {"type": "message.deleted", "data": {"id": "foreign-1", "shop_id": shop.id}}


def test_a_row_too_large_for_a_notification_arrives_whole_and_in_its_place(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        insert(database, shop, "large-1", "x" * 15_000)
        insert(database, shop, "small-1", "behind it")
        assert receive(stream)["message"] == "x" * 15_000
        assert receive(stream)["message"] == "behind it"


def test_our_own_writes_are_published_once(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        posted = [shop.post(f"number {number}") for number in range(20)]
        insert(database, shop, "mark-1", "the end")
        received = [receive(stream) for _ in range(21)]
    assert received[:20] == posted and received[20]["id"] == "mark-1"


def test_our_times_follow_those_of_others(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        shop.post("so that the shop has a clock")
        receive(stream)
        insert(database, shop, "ahead-1", "from a clock that is fast", "now() + interval '3 s'")
        ahead = receive(stream)
        posted = shop.post("after it")
    assert posted["created_at"] > ahead["created_at"]
    assert shop.list(since=ahead["created_at"]) == [posted]


def test_a_change_without_a_listener_is_published_once_later(server, database):
    shop = server.shops[1]
    with open_stream(server, shop.id, shop.member) as stream:
        own = shop.post("ours, before")
        assert receive(stream) == own
        insert(database, shop, "before-1", "before")
        assert receive(stream)["id"] == "before-1"
        # The server is not notified of these: its listener is gone, and new connections are refused meanwhile.
        database.sql("ALTER DATABASE shopstream ALLOW_CONNECTIONS false", "postgres")
        database.sql(f"SELECT pg_terminate_backend(pid) FROM ({LISTENERS}) listeners", "postgres")
        database.sql("ALTER DATABASE shopstream ALLOW_CONNECTIONS true", "postgres")
        insert(database, shop, "missed-1", "missed")
        own = shop.post("ours, meanwhile")
        wait_until(lambda: database.sql(LISTENERS), 15, "a listener again")
        insert(database, shop, "after-1", "after")
        received = [receive(stream)["id"] for _ in range(3)]
    assert sorted(received) == sorted(["missed-1", own["id"], "after-1"])


def test_a_membership_that_others_end_closes_the_stream_at_once(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        database.sql(f"DELETE FROM shop_members WHERE shop_id = '{shop.id}' AND user_id = '{shop.member}'")
        with pytest.raises(Exception) as closed:
            while True:
                stream.recv(timeout=10)
        assert closed.value.rcvd.code == 4403
