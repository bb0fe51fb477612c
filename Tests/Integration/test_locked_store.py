"""SQLite whose file another process has locked: the server is not ready, and recovers."""

import signal
import sqlite3
import threading

import pytest
import requests
from support.deadline import wait_until


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def lock(server):
    """Takes the writer's lock, as a backup or a careless shell would."""
    other = sqlite3.connect(server.folder / "shopstream.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_locked_store_is_not_ready_and_reads_go_on(server, lock):
    shop = server.shops[0]

    wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 15, "the server is not ready")
    answer = server.request("GET", "/readyz")
    assert answer.json()["code"] in ("storage_busy", "storage_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    # None of these waits for the file, nor is a line of the log.
    assert {server.request("GET", "/readyz").status_code for _ in range(200)} == {503}
    assert server.log().count('"not ready"') <= 2, "one for each state: without an answer, then busy"
    assert server.request("GET", "/healthz").status_code == 200
    assert shop.list() == []
    # After a probe, and then as long as the store waits for the file.
    assert server.try_post(shop.id, shop.admin, "locked").status_code == 503
    lock.execute("ROLLBACK")
    wait_until(lambda: server.request("GET", "/readyz").status_code == 200, 15, "the server is ready")
    message = shop.post("unlocked")
    assert shop.list() == [message]


def test_a_locked_store_does_not_delay_the_end(server, lock):
    shop = server.shops[0]
    answers, authors = [], []

    def post():
        try:
            answers.append(server.try_post(shop.id, shop.admin, "stuck").status_code)
        except requests.ConnectionError:
            answers.append(None)  # the time limit ended before the store's

    def a_post_waits():
        authors.append(threading.Thread(target=post))
        authors[-1].start()
        return server.metric("shopstream_store_waiting_messages") >= 1

    # Posts that arrive together share the store's transaction; a later one waits for its end.
    wait_until(a_post_waits, 4, "a post waits for the store")
    server.signal(signal.SIGTERM)
    assert server.wait(10) == 0
    for author in authors:
        author.join(15)
    # All were refused or cut off: posts in the queue after the probe of `/readyz` outlast the drain.
    assert answers and set(answers) <= {503, None}
    lock.execute("ROLLBACK")
    server.start()
    assert shop.list() == []
