"""`--takeover`: a new server follows one that uses the same store; what it cannot do before, it does after."""

import concurrent.futures
import json
import signal

import pytest
from support.deadline import wait_until
from support.stores import STORES
from support.streams import open_stream, receive

# What waits for the other server, in the metrics of each store.
WAITING = {"sqlite": "shopstream_store_takeover_waiting_calls", "postgres": "shopstream_database_pending_writes"}


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


@pytest.fixture
def store(kind, tmp_path):
    with STORES[kind](tmp_path) as store:
        yield store


@pytest.fixture
def pool():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def follow(serve):
    """A second server, on a port of its own, that waits for the store of the first."""

    def start(store, **options):
        server = serve(shops=1, ready=False, store=store, args=["--takeover"], **options).launch()
        wait_until(lambda: '"listening"' in server.log(), 20, "the second listens")
        wait_until(lambda: readiness(server) == (503, "store_in_use"), 10, "the second says why it is not ready")
        return server

    return start


def readiness(server):
    answer = server.request("GET", "/readyz")
    return answer.status_code, answer.json().get("code")


def is_ready(server):
    return server.request("GET", "/readyz").status_code == 200


def test_a_message_sent_before_the_first_server_ends_is_stored_after(serve, follow, pool, kind, store):
    first = serve(shops=1, store=store)
    shop = first.shops[0]
    messages = [shop.post("before")]
    second = follow(store)
    posting = pool.submit(second.try_post, shop.id, shop.admin, "to the second")
    wait_until(lambda: second.metric(WAITING[kind]) >= 1, 4, "the message waits")
    opening = pool.submit(open_stream, second, shop.id, shop.member)
    messages.append(shop.post("meanwhile"))
    assert not posting.done()
    assert first.terminate() == 0
    answer = posting.result(20)
    assert answer.status_code == 201, answer.text
    messages.append(answer.json()["data"])
    wait_until(lambda: is_ready(second), 10, "the second is ready")
    with opening.result(20) as stream:
        after = second.post(shop.id, shop.member, "after")
        # The stream may be older than the messages before.
        while (received := receive(stream)) != after:
            assert received in messages
    messages.append(after)
    # The shop has one clock, whichever server wrote.
    assert second.list(shop.id, shop.admin) == messages
    assert sorted({message["created_at"] for message in messages}) == [message["created_at"] for message in messages]
    if kind == "sqlite":
        third = serve(ready=False, store=store).launch()
        assert third.wait(15) == 74, "the second is the store's one owner now"
    assert second.terminate() == 0


def test_a_server_that_waits_refuses_after_a_while_and_follows_a_crash(serve, follow, pool, kind, store):
    first = serve(shops=1, store=store)
    shop = first.shops[0]
    stored = shop.post("to the first")
    second = follow(store)
    writes = [pool.submit(second.try_post, shop.id, shop.admin, "in vain") for _ in range(3)]
    for write in writes:
        answer = write.result(20)
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1, answer.text
    if kind == "postgres":
        assert second.list(shop.id, shop.admin) == [stored], "reads go on"
    assert not is_ready(second) and is_ready(first)
    assert second.log().count("until the other server ends") == 1
    first.kill()
    wait_until(lambda: is_ready(second), 20, "the second is ready")
    message = second.post(shop.id, shop.admin, "to the second")
    assert second.list(shop.id, shop.member) == [stored, message]


def test_a_server_that_waits_ends_at_once(serve, follow, pool, tmp_path):
    first = serve(shops=1)
    shop = first.shops[0]
    second = follow(first.store)
    posting = pool.submit(second.try_post, shop.id, shop.admin, "in vain")
    reading = pool.submit(second.request, "GET", f"/api/v1/shops/{shop.id}/messages", shop.admin)
    wait_until(lambda: second.metric(WAITING["sqlite"]) >= 2, 4, "requests wait")
    second.signal(signal.SIGTERM)
    for answer in (posting.result(20), reading.result(20)):
        # Not "storage_busy", with which the wait ends by itself.
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert second.wait(10) == 0
    shop.post("unharmed")


def test_the_members_file_and_the_demo_are_part_of_the_start(serve, follow):
    first = serve(shops=1)
    shop = first.shops[0]
    second = follow(first.store, members=[(shop.id, "newcomer", "member")], env={"SHOPSTREAM_DEMO": "true"})
    assert first.try_post(shop.id, "newcomer", "x").status_code == 403
    assert first.terminate() == 0
    wait_until(lambda: is_ready(second), 10, "the second is ready")
    assert second.try_post(shop.id, "newcomer", "x").status_code == 201
    assert second.try_post("demo", "ada", "x").status_code == 201
    levels = [json.loads(line)["level"] for line in second.log().splitlines()]
    assert "error" not in levels, second.log()


def test_an_unused_store_is_opened_at_once(serve, store):
    server = serve(shops=1, store=store, args=["--takeover"])
    server.shops[0].post("x")
    assert "until the other server ends" not in server.log()
    assert server.terminate() == 0
