"""The lock by which a node may write: of two nodes that do not share the database one writes, the other reports it.
A node that takes over is in test_takeover.py."""

import pytest
from support.deadline import wait_until
from support.postgres import migrated
from support.streams import open_stream, receive

LISTENERS = "FROM pg_stat_activity WHERE application_name = 'shopstream-listener'"


@pytest.fixture
def database():
    with migrated() as postgres:
        # Roles of their own, so that one node's new connections can be refused and the other's not.
        postgres.sql("CREATE ROLE first SUPERUSER LOGIN; CREATE ROLE second SUPERUSER LOGIN")
        yield postgres


def uri(database, role):
    return database.uri.replace("shopstream@", f"{role}@")


def is_ready(server):
    return server.request("GET", "/readyz").status_code == 200


def try_post(server, shop, text):
    return server.try_post(shop.id, shop.admin, text)


def cut_listener(database, role):
    """The node of `role` loses its listener's connection and gets no new ones; its other connections stay."""
    database.sql(f"ALTER ROLE {role} NOLOGIN; SELECT pg_terminate_backend(pid) {LISTENERS} AND usename = '{role}'")


def test_a_node_whose_lock_another_took_is_not_ready_and_does_not_write(serve, database):
    first = serve(shops=1, store=uri(database, "first"))
    shop = first.shops[0]
    shop.post("before")
    assert first.metric("shopstream_database_node_lock_held") == 1
    cut_listener(database, "first")
    second = serve(shops=1, store=uri(database, "second"))
    database.sql("ALTER ROLE first LOGIN")
    wait_until(lambda: "another node holds the database's lock" in first.log(), 20, "the first notices")
    assert not is_ready(first) and is_ready(second)
    assert first.metric("shopstream_database_node_lock_held") == 0
    answer = try_post(first, shop, "must not be written")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1, answer.text
    assert try_post(second, shop, "by the second").status_code == 201
    assert [message["message"] for message in shop.list()] == ["before", "by the second"], "reads go on"
    assert second.terminate() == 0
    wait_until(lambda: is_ready(first), 20, "the first has the lock again")
    assert try_post(first, shop, "after").status_code == 201
    assert [message["message"] for message in shop.list()] == ["before", "by the second", "after"]


def test_a_short_loss_of_the_lock_fails_no_write(serve, database):
    server = serve(shops=1, store=database.uri)
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        terminate = f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}"
        for number in range(5):
            # The figure below may be that of the session that has just ended.
            wait_until(lambda: database.sql(terminate) == [["1"]], 15, "a listener")
            posted = shop.post(f"number {number}")
            assert receive(stream) == posted
            wait_until(lambda: server.metric("shopstream_database_node_lock_held") == 1, 15, "the lock again")
    assert "the database's lock is lost" in server.log()


def test_nodes_that_share_hold_the_lock_together(serve, database):
    env = {"SHOPSTREAM_POSTGRES_SHARED": "true"}
    nodes = [serve(shops=1, store=database.uri, env=env) for _ in range(2)]
    for node in nodes:
        assert is_ready(node) and node.metric("shopstream_database_node_lock_held") == 1
        assert try_post(node, node.shops[0], "x").status_code == 201
    lone = serve(shops=1, ready=False, store=database.uri).launch()
    assert lone.wait(30) == 74
