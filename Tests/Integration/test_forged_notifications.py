"""A notification is a hint: streams get the rows of the tables, each change once, whatever the hint contains."""

import json

import pytest
from support.deadline import wait_until
from support.postgres import Postgres, migrated
from support.streams import open_stream, receive

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'shopstream-listener'"


@pytest.fixture(scope="module")
def database():
    with migrated() as postgres:
        postgres.sql("CREATE ROLE guest LOGIN")
        yield postgres


@pytest.fixture
def server(serve, database):
    server = serve(shops=2, store=database.uri)
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    return server


def notify(database, *payloads):
    """Sends notifications as a role that has no right on any table."""
    calls = "".join(
        f"SELECT pg_notify('shopstream:public', $payload${payload}$payload$);" for payload in payloads
    )
    database.sql(f"SET ROLE guest; {calls}")


def forged(operation, shop, message_id="forged-1", **more):
    row = {"op": operation, "id": message_id, "shop_id": shop.id, "user_id": shop.admin, "message": "forged",
           "created_at": 1_767_454_200_000_000, "updated_at": None, "is_edited": False, **more}  # fmt: skip
    return " " + json.dumps(row)


def test_the_content_of_a_notification_is_never_published(server, database):
    shop, other = server.shops
    with open_stream(server, shop.id, shop.member, subprotocols=["shopstream.v2"]) as stream:
        posted = shop.post("ours")
        assert receive(stream)["data"] == posted
        notify(
            database,
            *(forged(operation, shop) for operation in ("INSERT", "UPDATE", "DELETE")),
            # The message still exists and was published.
            *(forged(operation, shop, posted["id"]) for operation in ("INSERT", "UPDATE", "DELETE")),
            forged("INSERT", other, posted["id"]),
        )
        database.sql(
            "INSERT INTO shop_messages (id, shop_id, user_id, message) "
            f"VALUES ('genuine-1', '{shop.id}', 'somebody', 'as it is')"
        )
        event = receive(stream)
        assert (event["type"], event["data"]["id"], event["data"]["message"]) == (
            "message.created", "genuine-1", "as it is",
        )  # fmt: skip
        notify(database, forged("DELETE", shop, "genuine-1"))
        database.sql("DELETE FROM shop_messages WHERE id = 'genuine-1'")
        assert receive(stream) == {"type": "message.deleted", "data": {"id": "genuine-1", "shop_id": shop.id}}
        notify(database, *[forged("DELETE", shop, "genuine-1")] * 3)
        last = shop.post("the end")
        assert receive(stream)["data"] == last
    assert posted in shop.list()


@pytest.mark.parametrize("number", ["-9223372036854775808", "9223372036854775807", "1e400", "\"x\"", "null", "-0.5"])
def test_no_number_in_a_notification_stops_the_process(server, database, number):
    shop = server.shops[0]
    payload = forged("INSERT", shop).replace("1767454200000000", number).replace('"updated_at": null', f'"updated_at": {number}')
    notify(database, payload, payload.replace("INSERT", "UPDATE"), payload.replace("INSERT", "MEMBER"))
    shop.post("still here")
    assert server.is_alive() and [message["message"] for message in shop.list()].count("forged") == 0


def test_a_flood_of_notifications_harms_no_client(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        posted = []
        refused = server.metric("shopstream_database_notifications_refused_total")
        for number in range(20):
            database.sql(
                "SET ROLE guest; SELECT pg_notify('shopstream:public', text) FROM generate_series(1, 500) n, "
                "LATERAL (VALUES (n || ' nonsense'), (n || ' {\"op\":\"INSERT\",\"id\":\"a\\u0000' || n || '\"}'), "
                "(' {\"op\":\"UPDATE\",\"id\":\"none-' || n || '\",\"shop_id\":\"x\"}'), "
                "(n || ' {\"op\":\"MEMBER\",\"shop_id\":\"s' || n || '\",\"user_id\":\"u\"}')) v (text)"
            )
            posted.append(shop.post(f"beside it {number}"))
        assert [receive(stream) for _ in posted] == posted
        wait_until(
            lambda: server.metric("shopstream_database_notifications_refused_total") == refused + 20_000, 20, "a count"
        )
        assert server.metric("shopstream_database_listening") == 1


def test_other_roles_cannot_add_to_the_log_of_deletions(database):
    database.sql("GRANT ALL ON shop_messages TO guest")
    with pytest.raises(AssertionError, match="permission denied"):
        database.sql("SET ROLE guest; INSERT INTO shop_message_deletions (message_id, shop_id) VALUES ('m', 's')")


def test_defaults_of_the_schema_open_the_log_to_no_other_role():
    postgres = Postgres()
    try:
        postgres.sql("CREATE ROLE guest LOGIN; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO guest, PUBLIC")
        assert postgres.migrate().returncode == 0
        for table in ("shop_message_deletions", "shop_member_changes"):
            with pytest.raises(AssertionError, match="permission denied"):
                postgres.sql(f"SET ROLE guest; INSERT INTO {table} (shop_id) VALUES ('s')")
    finally:
        postgres.remove()
