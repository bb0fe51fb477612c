"""Refusals before the upgrade: each kind, and which comes first."""

import json
import signal
import time

import pytest
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.streams import open_stream, refusal
from support.tokens import token

ORIGIN = "https://app.example"
BAD_TOKEN = "Bearer nonsense"


@pytest.fixture
def server(serve):
    return serve(env={
        "WEBSOCKET_ALLOWED_ORIGINS": ORIGIN,
        "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "3",
        "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "1",
    })  # fmt: skip


def status(server, shop, user, **options):
    with RawSocket(server) as raw:
        answer = raw.upgrade(shop, user, **options)
        return answer and answer[0]


def test_the_refusals_come_in_the_order_of_the_contract(server):
    """Each request has all the faults of the later ones: only the first may show."""
    shop = server.shops[0]
    wrong = {"Authorization": BAD_TOKEN, "Origin": "https://evil.example", "Sec-WebSocket-Version": "12"}
    assert status(server, "no-such-shop", None, headers=wrong, drop=("Upgrade",)) == 400
    assert status(server, "no-such-shop", None, headers=wrong) == 426
    del wrong["Sec-WebSocket-Version"]
    assert status(server, "no-such-shop", None, headers=wrong) == 403  # the origin, not the token
    del wrong["Origin"]
    assert status(server, "no-such-shop", None, headers=wrong) == 401
    # Three attempts with a valid token: an outsider's are refused for membership, then for their number.
    assert [status(server, shop.id, shop.outsider) for _ in range(5)] == [403, 403, 403, 429, 429]
    # Membership comes before the number of connections.
    with RawSocket(server) as first:
        first.opened(shop.id, shop.member)
        assert status(server, "no-such-shop", shop.member) == 403
        assert status(server, shop.id, shop.member) == 429


MALFORMED = {
    "no upgrade": dict(drop=("Upgrade",)),
    "no connection": dict(drop=("Connection",)),
    "another protocol": dict(headers={"Upgrade": "h2c"}),
    "no key": dict(drop=("Sec-WebSocket-Key",)),
    "a short key": dict(headers={"Sec-WebSocket-Key": "AAAA"}),
    "a key that is no base64": dict(headers={"Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!=="}),
    "an empty key": dict(headers={"Sec-WebSocket-Key": ""}),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_request_that_is_no_upgrade_is_400(shop, kind):
    assert status(shop.server, shop.id, shop.member, **MALFORMED[kind]) == 400


def test_http_1_0_cannot_upgrade(shop):
    assert status(shop.server, shop.id, shop.member, version="1.0") == 400


def test_other_methods_cannot_upgrade(shop):
    assert status(shop.server, shop.id, shop.member, method="POST") == 405


@pytest.mark.parametrize("version", ["12", "14", "0", "8", "13, 8", "x", ""])
def test_a_wrong_version_is_426_and_names_the_right_one(shop, version):
    with RawSocket(shop.server) as raw:
        found, headers, _ = raw.upgrade(shop.id, shop.member, headers={"Sec-WebSocket-Version": version})
    assert (found, headers["sec-websocket-version"]) == (426, "13")


def test_a_shop_id_that_is_missing_is_400(shop):
    with RawSocket(shop.server) as raw:
        found, _, body = raw.upgrade("", shop.member)
    assert (found, json.loads(body)["code"]) == (400, "missing_field")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer a b"])
def test_a_header_without_a_good_token_is_401(shop, header):
    with RawSocket(shop.server) as raw:
        found, headers, body = raw.upgrade(shop.id, None, headers={"Authorization": header})
    assert found == 401
    assert b'"code"' in body and b'"message"' in body


def test_no_token_at_all_is_401(shop):
    assert status(shop.server, shop.id, None) == 401


def test_a_header_of_another_scheme_leaves_the_token_of_the_query(shop):
    with open_stream(shop.server, shop.id, None, headers={"Authorization": "Basic YTpi"}, token=token(shop.member)):
        pass


def test_the_header_comes_before_the_query(shop):
    good = token(shop.member)
    assert refusal(shop.server, shop.id, headers={"Authorization": BAD_TOKEN}, query=f"?token={good}").status_code == 401
    with open_stream(shop.server, shop.id, shop.member):
        pass


def test_an_origin_must_be_on_the_list_exactly(server):
    shop = server.shops[0]
    for origin in ("https://app.example.evil", "http://app.example", "https://app.example:444", "null", "https://APP"):
        answer = refusal(server, shop.id, shop.member, headers={"Origin": origin})
        assert answer.status_code == 403, origin
    with open_stream(server, shop.id, shop.member, headers={"Origin": ORIGIN}):
        pass


def test_a_request_without_an_origin_is_a_mobile_client_and_let_in(server):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.admin):
        pass


def test_attempts_beyond_the_limit_are_429_with_retry_after(server):
    shop = server.shops[1]
    for _ in range(3):
        with open_stream(server, shop.id, shop.member):
            pass
        wait_until(lambda: server.open_streams() == 0, what="the quota slot is released")
    answer = refusal(server, shop.id, shop.member)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    for name in (shop.member, shop.admin):
        assert name.encode() not in answer.body, "a refusal names no user"
    with open_stream(server, shop.id, shop.admin):
        pass  # the limit is each user's own


def test_while_draining_upgrades_are_503_before_anything_else_about_them(serve):
    """A request that is still being written keeps the drain open long enough to look."""
    server = serve(env={"WEBSOCKET_ALLOWED_ORIGINS": ORIGIN}, reactors=1)
    shop = server.shops[0]
    with RawSocket(server) as draining, RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        # Half a request before the signal: it is in flight and must be answered.
        draining.begin_after_answer(f"GET /api/v1/shops/{shop.id}/messages/stream HTTP/1.1\r\nHost: x\r\n".encode())
        server.signal(signal.SIGTERM)
        assert stream.close_code() == 1001
        draining.send(
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer x\r\n\r\n"
        )
        found, headers, body = draining.response()
        assert (found, json.loads(body)["code"]) == (503, "draining")
        assert int(headers["retry-after"]) >= 1
    assert server.wait() == 0


def test_rest_works_without_the_stream(serve):
    server = serve(env={"WEBSOCKET_ENABLED": "false"})
    shop = server.shops[0]
    assert status(server, shop.id, shop.member) == 404
    shop.post("still works")
    assert [message["message"] for message in shop.list()] == ["still works"]


def test_failures_are_counted_by_kind(serve):
    server = serve()
    shop = server.shops[0]
    tokens = {
        "missing": None,
        "malformed": "nonsense",
        "bad_signature": token(shop.member, secret="another-secret-of-at-least-32-bytes!"),
        "expired": token(shop.member, seconds=-3600),
        "not_yet_valid": token(shop.member, nbf=int(time.time()) + 3600),
        "claim_missing": token(shop.member, drop=["exp"]),
        "claim_invalid": token(7),
        "algorithm_refused": token(shop.member, algorithm="HS512"),
    }
    for kind, text in tokens.items():
        assert status(server, shop.id, None, headers={"Authorization": f"Bearer {text}"} if text else {}) == 401
        assert server.metric("websocket_auth_failures_total", kind=kind) == 1, kind
    assert server.metric("websocket_auth_failures_total") == len(tokens)
    assert status(server, shop.id, shop.member, drop=("Upgrade",)) == 400
    assert status(server, shop.id, shop.member, headers={"Sec-WebSocket-Version": "12"}) == 426
    assert status(server, shop.id, shop.outsider) == 403
    counts = {"400": 1, "401": len(tokens), "403": 1, "426": 1}
    for refused, count in counts.items():
        assert server.metric("websocket_upgrade_failures_total", status=refused) == count, refused
    assert server.metric("websocket_upgrade_failures_total") == sum(counts.values())
