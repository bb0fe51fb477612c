"""Beside other services, and with a network that loses things: every change reaches the streams, and only once."""

import concurrent.futures
import contextlib
import socket
import subprocess
import time

import pytest
from support.deadline import wait_until
from support.postgres import migrated
from support.databaseproxy import DatabaseProxy
from support.server import find_binary
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


@pytest.fixture
def proxy(database):
    with DatabaseProxy(database.port) as proxy:
        yield proxy


@pytest.fixture
def distant_server(serve, database, proxy):
    """A server that reaches the database through the proxy."""
    server = serve(shops=1, store=database.uri.replace(str(database.port), str(proxy.port)))
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    return server


def insertion(shop, message_id, text, time="now()"):
    return (
        "INSERT INTO shop_messages (id, shop_id, user_id, message, created_at, is_edited) "
        f"VALUES ('{message_id}', '{shop.id}', 'somebody', '{text}', {time}, false)"
    )


def events_of(server, shop):
    return open_stream(server, shop.id, shop.member, subprotocols=["shopstream.v2"])


def receive_until(stream, mark):
    """The events before the message with that id."""
    received = []
    while True:
        event = receive(stream)
        if event["data"]["id"] == mark:
            return received
        received.append((event["type"], event["data"]["id"], event["data"].get("message")))


def test_an_edit_of_another_service_is_published_as_the_row_is_whatever_its_time(server, database):
    shop = server.shops[0]
    with events_of(server, shop) as events:
        database.sql(insertion(shop, "edited-1", "first"))
        for text in ("second", "first"):
            database.sql(f"UPDATE shop_messages SET message = '{text}' WHERE id = 'edited-1'")
        database.sql(
            "BEGIN; UPDATE shop_messages SET message = 'third', updated_at = now() WHERE id = 'edited-1'; "
            "UPDATE shop_messages SET message = 'fourth', updated_at = now() WHERE id = 'edited-1'; COMMIT"
        )
        database.sql(insertion(shop, "edited-end", "end"))
        texts = [text for _, _, text in receive_until(events, "edited-end")]
    # The server reads rows: no event shows a state that was replaced before the read, and no two in a row are equal.
    assert texts[0] in ("first", "second") and texts[-1] == "fourth" and "third" not in texts
    assert all(text != following for text, following in zip(texts, texts[1:], strict=False))


@contextlib.contextmanager
def no_listener(database, meanwhile):
    """Within the context the server has no listener. At its start another service runs the statements `meanwhile`."""
    holder = database.session("SET search_path = public")
    try:
        database.sql("ALTER DATABASE shopstream ALLOW_CONNECTIONS false", "postgres")
        database.sql(f"SELECT pg_terminate_backend(pid) FROM ({LISTENERS}) listeners", "postgres")
        holder.stdin.write(meanwhile + ";\n\\echo done\n")
        holder.stdin.flush()
        while holder.stdout.readline().strip() != "done":
            pass
        yield
    finally:
        database.sql("ALTER DATABASE shopstream ALLOW_CONNECTIONS true", "postgres")
        holder.communicate("", timeout=10)
    wait_until(lambda: database.sql(LISTENERS), 20, "a listener again")


def test_changes_of_others_without_a_listener_are_published_and_the_node_wrote_nothing(server, database):
    shop = server.shops[0]
    with events_of(server, shop) as events:
        for number in (1, 2):
            database.sql(insertion(shop, f"gone-{number}", "to be deleted"))
            assert receive(events)["data"]["id"] == f"gone-{number}"
        own = []
        statements = f"{insertion(shop, 'gap-1', 'missed')}; DELETE FROM shop_messages WHERE id = 'gone-1'"
        with no_listener(database, statements):
            wait_until(lambda: server.metric("shopstream_database_node_lock_held") == 0, 20, "the loss is noticed")
            # Longer than what is re-read reaches back. Without its lock the node writes nothing.
            ends = time.monotonic() + 13
            while time.monotonic() < ends:
                answer = server.try_post(shop.id, shop.admin, "ours, meanwhile")
                assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
        wait_until(lambda: server.metric("shopstream_database_node_lock_held") == 1, 20, "the lock again")
        own.append(shop.post("ours, after it")["id"])
        database.sql(insertion(shop, "gap-end", "end"))
        received = receive_until(events, "gap-end")
    told = [(kind, message_id) for kind, message_id, _ in received]
    expected = [("message.created", message_id) for message_id in [*own, "gap-1"]] + [("message.deleted", "gone-1")]
    assert sorted(told) == sorted(expected)


def test_a_change_before_the_first_listen_is_published(serve, database, proxy):
    proxy.hold = b"LISTEN"
    server = serve(shops=1, ready=False, store=database.uri.replace(str(database.port), str(proxy.port)), args=["--takeover"])
    server.launch()
    wait_until(lambda: '"listening"' in server.log(), 20, "the server listens")
    shop = server.shops[0]
    with events_of(server, shop) as events:
        database.sql(insertion(shop, "early-1", "early"))
        proxy.release()
        assert receive(events, 20)["data"]["id"] == "early-1"
        own = shop.post("ours")
        assert receive(events)["data"] == own
        database.sql(insertion(shop, "early-end", "end"))
        assert receive_until(events, "early-end") == []


def all_connections_stand(server):
    ready, all_of_them = "shopstream_database_connections_ready", "shopstream_database_connections"
    return server.metric(ready) == server.metric(all_of_them) > 0


def test_writes_of_unknown_outcome_are_published_once(distant_server, database, proxy):
    shop = distant_server.shops[0]
    with events_of(distant_server, shop) as events:
        kept = shop.post("before")
        assert receive(events)["data"] == kept

        proxy.swallow = b"a text that is lost"
        answer = distant_server.try_post(shop.id, shop.admin, "a text that is lost")
        assert answer.status_code == 503 and proxy.swallowed == 3
        created = receive(events)
        assert (created["type"], created["data"]["message"]) == ("message.created", "a text that is lost")

        proxy.swallow = b"an edit that is lost"
        body = {"message_id": kept["id"], "message": "an edit that is lost"}
        answer = distant_server.request("PUT", "/api/v1/shops/messages", shop.admin, json=body)
        assert answer.status_code == 503
        edited = receive(events)
        assert (edited["type"], edited["data"]["message"]) == ("message.edited", "an edit that is lost")

        # New connections prepare this statement too, and would be cut like the one that runs it.
        wait_until(lambda: all_connections_stand(distant_server), 10, "the lost connections are open again")
        proxy.swallow = b"deleteMessage"
        answer = distant_server.request("DELETE", f"/api/v1/shops/messages/{kept['id']}", shop.admin)
        assert answer.status_code == 503
        assert receive(events) == {"type": "message.deleted", "data": {"id": kept["id"], "shop_id": shop.id}}

        proxy.swallow = None
        database.sql(insertion(shop, "lost-end", "end"))
        assert receive_until(events, "lost-end") == []


def test_a_foreign_change_is_published_after_our_own_with_an_earlier_time(server, database):
    shop = server.shops[1]
    database.sql("""
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON shop_messages FOR EACH ROW WHEN (NEW.message = 'slow')
            EXECUTE FUNCTION slow();
    """)
    try:
        shop.post("so that the shop has a clock")
        holder = database.session("DO 'BEGIN PERFORM pg_advisory_lock(7); END'")
        with events_of(server, shop) as events, concurrent.futures.ThreadPoolExecutor(1) as pool:
            posting = pool.submit(shop.post, "slow")
            wait_until(
                lambda: database.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"), 5, "it waits"
            )
            database.sql(insertion(shop, "behind-1", "behind"))
            with pytest.raises(TimeoutError):
                receive(events, 1)
            holder.communicate("", timeout=10)
            own = posting.result(timeout=10)
            assert [receive(events)["data"]["id"] for _ in range(2)] == [own["id"], "behind-1"]
    finally:
        database.sql("DROP FUNCTION slow CASCADE")


@pytest.mark.parametrize("time", ["'infinity'", "'9999-12-31T23:59:59.999999Z'"])
def test_a_time_at_the_end_of_time_does_not_stop_the_shop(server, database, time):
    shop = server.shops[0]
    shop.post("so that the shop has a clock")
    with events_of(server, shop) as events:
        database.sql(insertion(shop, "far-1", "far", time))
        assert receive(events)["data"]["created_at"] == "9999-12-31T23:59:59.999999Z"
        assert shop.post("now")["created_at"] < "2100"
    assert server.terminate() == 0
    server.start()
    assert shop.post("after a restart")["created_at"] < "2100"
    database.sql("DELETE FROM shop_messages WHERE id = 'far-1'")


def test_the_images_of_a_deletion_of_unknown_outcome_are_removed(serve, database, proxy, tmp_path):
    server = serve(
        shops=1, store=database.uri.replace(str(database.port), str(proxy.port)),
        env={"SHOPSTREAM_ORPHAN_IMAGE_SECONDS": "1", "SHOPSTREAM_IMAGES": str(tmp_path / "images")},
    )  # fmt: skip
    shop = server.shops[0]
    answer = server.request(
        "POST", f"/api/v1/shops/messages/image/upload?shop_id={shop.id}", shop.admin,
        files={"file": ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png")},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    message = shop.post(f"[IMAGE:{answer.json()['data']['image_url']}]")
    # The search has seen that it is named.
    wait_until(lambda: database.sql("SELECT 1 FROM shop_images WHERE is_kept"), 10, "the image is kept")
    proxy.swallow = b"deleteMessage"
    assert server.request("DELETE", f"/api/v1/shops/messages/{message['id']}", shop.admin).status_code == 503
    wait_until(lambda: not list((tmp_path / "images").iterdir()), 10, "the image is gone")


def test_a_database_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = f"postgres://shopstream@127.0.0.1:{silent.getsockname()[1]}/shopstream"
        done = subprocess.run([find_binary(), "migrate", "--store", store], capture_output=True, text=True, timeout=20)
        assert done.returncode != 0 and "timeout" in done.stderr
        # The connection string may say otherwise.
        began = time.monotonic()
        subprocess.run([find_binary(), "migrate", "--store", store + "?connect_timeout=2"], capture_output=True, timeout=20)
        assert time.monotonic() - began < 8


def test_a_number_of_connections_that_cannot_be_kept_is_logged(serve, database):
    server = serve(store=database.uri, env={"SHOPSTREAM_POSTGRES_CONNECTIONS": "3"})
    assert "SHOPSTREAM_POSTGRES_CONNECTIONS is not kept" in server.log()
    assert server.terminate() == 0
    server = serve(store=database.uri, env={"SHOPSTREAM_POSTGRES_CONNECTIONS": "4"})
    assert "is not kept" not in server.log()


# Several nodes


def test_a_second_server_is_refused_unless_both_share_the_database(serve, database):
    first = serve(store=database.uri)
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    others = [
        serve(ready=False, store=database.uri, env={"SHOPSTREAM_POSTGRES_SHARED": shared}).launch()
        for shared in ("false", "true")
    ]
    for second in others:
        assert second.wait(20) == 74 and "SHOPSTREAM_POSTGRES_SHARED=true" in second.log()
    first.shops[0].post("unharmed")
    taking_over = serve(ready=False, store=database.uri, env={"SHOPSTREAM_TAKEOVER": "true"}).launch()
    wait_until(lambda: "until the other server ends" in taking_over.log(), 20, "the new server logs its wait")
    assert first.terminate() == 0
    wait_until(lambda: '"listening"' in taking_over.log(), 20, "the new server listens")
    wait_until(lambda: taking_over.request("GET", "/readyz").status_code == 200, 20, "the new server has the lock")
    assert taking_over.terminate() == 0


def test_nodes_that_share_a_database_notify_each_other(serve, database):
    shared = {"SHOPSTREAM_POSTGRES_SHARED": "true"}
    one = serve(store=database.uri, env=shared)
    other = serve(store=database.uri, env=shared)
    wait_until(lambda: len(database.sql(LISTENERS)) == 2, 10, "two listeners")
    shop, remote = one.shops[0], other.shops[0]
    with events_of(one, shop) as near, events_of(other, remote) as far:
        posted = shop.post("to both")
        body = {"message_id": posted["id"], "message": "edited for both"}
        edited = one.request("PUT", "/api/v1/shops/messages", shop.admin, json=body).json()["data"]
        assert one.request("DELETE", f"/api/v1/shops/messages/{posted['id']}", shop.admin).status_code == 200
        for stream in (near, far):
            events = [receive(stream) for _ in range(3)]
            assert [event["type"] for event in events] == ["message.created", "message.edited", "message.deleted"]
            assert events[0]["data"] == posted and events[1]["data"] == edited
        posted = remote.post("back")
        assert receive(far)["data"] == posted and receive(near)["data"] == posted


def test_a_server_alone_announces_nothing(server, database):
    shop = server.shops[0]
    hearing = database.session('LISTEN "shopstream:public"')
    posted = shop.post("to its own streams only")
    assert server.request("DELETE", f"/api/v1/shops/messages/{posted['id']}", shop.admin).status_code == 200
    database.sql(insertion(shop, "announced-1", "by another"))
    output, _ = hearing.communicate("SELECT 1;\n", timeout=10)
    assert "announced-1" in output and posted["id"] not in output
