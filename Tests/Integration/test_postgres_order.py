"""Nothing is lost by `since`, however late a service commits; nodes that share a shop give it one order."""

import os
import threading
import time

import pytest
from support.catchup import Client, ForeignWriter, SlowForeignWriter, Writer
from support.deadline import wait_until
from support.postgres import migrated
from support.seeds import seeded
from support.streams import open_stream, receive

LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'shopstream-listener'"
SHARED = {"SHOPSTREAM_POSTGRES_SHARED": "true"}
LOAD_SECONDS = int(os.environ.get("SHOPSTREAM_TEST_ORDER_SECONDS", 10))
OPEN_SECONDS = float(os.environ.get("SHOPSTREAM_TEST_OPEN_TRANSACTION_SECONDS", 4))


@pytest.fixture
def database():
    with migrated() as postgres:
        yield postgres


@pytest.fixture
def nodes(serve, database):
    limits = {"SHOPSTREAM_WRITES_PER_SECOND": "0", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"}
    servers = [serve(shops=1, store=database.uri, env={**SHARED, **limits}) for _ in range(2)]
    wait_until(lambda: len(database.sql(LISTENERS)) == 2, 10, "two listeners")
    return servers


def test_nodes_that_share_a_shop_give_its_messages_one_order(nodes):
    count, writers = 150, 4
    shops = [node.shops[0] for node in nodes]
    streams = [open_stream(shop.server, shop.id, shop.member) for shop in shops for _ in range(1)]
    try:
        posted, lock = [], threading.Lock()

        def post(shop, writer):
            for number in range(count):
                message = shop.post(f"{writer} {number}")
                with lock:
                    posted.append(message["id"])

        threads = [threading.Thread(target=post, args=(shops[writer % 2], writer)) for writer in range(writers)]
        for thread in threads:
            thread.start()
        seen = [[receive(stream, 20) for _ in range(count * writers)] for stream in streams]
        for thread in threads:
            thread.join()
    finally:
        for stream in streams:
            stream.close()
    for messages in seen:
        times = [message["created_at"] for message in messages]
        behind = sum(time < max(times[:index]) for index, time in enumerate(times) if index)
        print(f"{behind} of {len(times)} messages behind one with a later time")
        assert behind == 0 and len(set(times)) == len(times)
        assert sorted(message["id"] for message in messages) == sorted(posted)
    assert seen[0] == seen[1]


def test_clients_that_come_and_go_miss_nothing_beside_other_writers(nodes, database):
    come_and_go([node.shops[0] for node in nodes], database)


def test_clients_of_a_node_that_is_alone_miss_nothing_beside_other_writers(serve, database):
    limits = {"SHOPSTREAM_WRITES_PER_SECOND": "0", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"}
    server = serve(shops=1, store=database.uri, env=limits)
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    come_and_go([server.shops[0]], database)


def come_and_go(shops, database):
    """Clients stream from one node after the other, leave, and poll; at the end each must know what is stored."""
    seed = seeded()

    def chance():
        return type(seed)(seed.getrandbits(32))

    ends = time.monotonic() + LOAD_SECONDS
    workers = [Writer(shop, chance(), ends) for shop in shops]
    workers.append(ForeignWriter(shops[0], database, chance(), ends))
    workers += [SlowForeignWriter(shops[0], database, chance(), ends, seconds) for seconds in (1, OPEN_SECONDS)]
    clients = [Client(shops[0], ordered=False) for _ in range(3)]
    rounds = []

    def live(client, chance):
        while any(worker.is_alive() for worker in workers):
            client.shop = shops[chance.randrange(len(shops))]
            if chance.random() < 0.5:
                client.stay(chance)
            else:
                client.catch_up()
                time.sleep(chance.random() / 5)
            rounds.append(client)

    for worker in workers:
        worker.start()
    threads = [threading.Thread(target=live, args=(client, chance())) for client in clients]
    for thread in threads:
        thread.start()
    for worker in workers:
        worker.finish()
    for thread in threads:
        thread.join()
    deleted = set().union(*(worker.deleted for worker in workers))
    stored = {message["id"]: message for message in shops[0].list(since="1970-01-01T00:00:00Z")}
    for client in clients:
        client.catch_up()
        known = {key: value for key, value in client.messages.items() if key in stored or key not in deleted}
        missed = [key for key in stored if key not in known]
        assert not missed, f"{len(missed)} of {len(stored)} missed: {missed[:5]}"
        different = {key: (known[key], stored[key]) for key in stored if known[key] != stored[key]}
        assert not different, different
    slow = sum(key.startswith("slow-") for key in stored)
    print(f"{len(stored)} messages, {slow} committed late, {len(rounds)} rounds of clients")
    assert slow > 1 and len(rounds) > len(clients)


def test_each_reply_that_a_foreign_key_deletes_is_published_once(serve, database):
    database.sql(
        "ALTER TABLE shop_messages ADD FOREIGN KEY (parent_id) REFERENCES shop_messages (id) ON DELETE CASCADE"
    )
    server = serve(shops=1, store=database.uri)
    wait_until(lambda: database.sql(LISTENERS), 10, "a listener")
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member, subprotocols=["shopstream.v2"]) as events:
        parent = shop.post("parent")
        replies = [shop.post(f"reply {number}", parent_id=parent["id"]) for number in range(3)]
        replies.append(shop.post("a reply to a reply", parent_id=replies[0]["id"]))
        for _ in range(5):
            assert receive(events)["type"] == "message.created"
        answer = server.request("DELETE", f"/api/v1/shops/messages/{parent['id']}", shop.admin)
        assert answer.status_code == 200
        deleted = [receive(events, 10) for _ in range(5)]
        assert {event["type"] for event in deleted} == {"message.deleted"}
        expected = sorted(message["id"] for message in [parent, *replies])
        assert sorted(event["data"]["id"] for event in deleted) == expected
        end = shop.post("the end")
        assert receive(events)["data"] == end, "each is published once"
