"""The limits of one user (429), which no other user feels, over two reactors."""

import concurrent.futures

import pytest

from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import Server
from support.tokens import token

SHOP = "bakery"
USERS = ("ada", "grace")


@pytest.fixture
def serve(tmp_path):
    servers = []

    def start(**env):
        server = Server(tmp_path, members=[(SHOP, user, "member") for user in USERS], env=env)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.end()


def refused(answer, code):
    assert answer.status_code == 429, f"{answer.status_code} {answer.text}"
    assert answer.json()["code"] == code
    assert int(answer.headers["Retry-After"]) >= 1
    assert not any(user in answer.text for user in USERS)
    return True


def test_a_user_over_the_rate_of_writes_is_refused_and_no_other(serve):
    # A rate that refills nothing while the test runs.
    server = serve(SHOPSTREAM_WRITES_PER_SECOND="1", SHOPSTREAM_WRITES_BURST="30")
    # What is refused for another reason does not count.
    for _ in range(20):
        assert server.try_post("elsewhere", "ada", "x").status_code == 403
        assert server.try_post(SHOP, "ada", "  ").status_code == 400
        assert server.try_post(SHOP, "ada", "x", parent_id="nothing").status_code == 400
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: server.try_post(SHOP, "ada", f"{number}"), range(80)))
    taken = [answer for answer in answers if answer.status_code == 201]
    assert 30 <= len(taken) < 80, f"{len(taken)} of a burst of 30"
    assert all(refused(answer, "too_many_own_writes") for answer in answers if answer.status_code != 201)
    server.post(SHOP, "grace", "not held up by ada")
    assert len(server.list(SHOP, "grace")) == len(taken) + 1, "a refused message was stored"
    assert server.metric("http_user_limit_refusals_total", limit="writes") == 80 - len(taken)


def test_edits_and_deletions_count_like_messages(serve):
    server = serve(SHOPSTREAM_WRITES_PER_SECOND="1", SHOPSTREAM_WRITES_BURST="5")
    message = server.post(SHOP, "ada", "first")["id"]
    statuses = [
        server.request(
            "PUT", "/api/v1/shops/messages", "ada", json={"message_id": message, "message": f"{number}"}
        ).status_code
        for number in range(40)
    ]
    assert statuses.count(429) > 0 and set(statuses) == {200, 429}
    statuses = [
        server.request("DELETE", "/api/v1/shops/messages/no-such-message", "ada").status_code for _ in range(20)
    ]
    assert set(statuses) == {404}, "a missing message costs nothing"


def test_the_default_rate_is_a_burst_of_sixty(serve):
    server = serve(SHOPSTREAM_WRITES_PER_SECOND="")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: server.try_post(SHOP, "ada", "x").status_code, range(60)))
    assert statuses == [201] * 60


def test_a_user_has_so_many_reads_in_flight_and_others_have_theirs(serve):
    server = serve(SHOPSTREAM_MAX_READS_PER_USER="2")
    for _ in range(100):
        server.post(SHOP, "ada", "\x01" * 16_000)
    path = f"/api/v1/shops/{SHOP}/messages"
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token('ada')}\r\n\r\n".encode()
    readers = [RawSocket(server, receive_buffer_bytes=4_096) for _ in range(2)]
    try:
        for reader in readers:
            reader.send(request)
            # Its answer has begun, and is larger than what the sockets hold.
            assert reader.socket.recv(12) == b"HTTP/1.1 200"
        refused(server.request("GET", path, "ada"), "too_many_own_reads")
        refused(server.request("GET", path + "/paginated", "ada"), "too_many_own_reads")
        assert server.request("GET", path + "?limit=1", "grace").status_code == 200
    finally:
        for reader in readers:
            reader.socket.close()
    wait_until(lambda: server.request("GET", path + "?limit=1", "ada").status_code == 200, what="ada may read again")
