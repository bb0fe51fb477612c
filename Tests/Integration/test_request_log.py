"""A request that fails has a line in the log, with its identifier, user and shop, and its answer has the identifier."""

import json
import sqlite3
import uuid

import pytest
import requests
from support.deadline import wait_until
from support.tokens import token

ORIGIN = "https://app.example"
MESSAGES = "/api/v1/shops/messages"
TEXT = "a text that no log contains"


@pytest.fixture
def server(serve):
    return serve(env={"SHOPSTREAM_TRUSTED_PROXIES": "127.0.0.1"})


@pytest.fixture
def failing(server):
    """Its store fails: a table is gone."""
    other = sqlite3.connect(server.folder / "shopstream.sqlite", isolation_level=None)
    other.execute("ALTER TABLE shop_messages RENAME TO gone")
    other.close()
    return server


def lines_of(server, identifier):
    events = (json.loads(line) for line in server.log().splitlines() if line.startswith("{"))
    return [event for event in events if event.get("request_id") == identifier]


def line_of(server, identifier):
    return wait_until(lambda: lines_of(server, identifier), 10, "the line is written")[0]


def post(server, user, **fields):
    shop = server.shops[0]
    body = {"shop_id": shop.id, "message": TEXT}
    return server.request("POST", MESSAGES, user or shop.member, json=body, headers=fields)


def test_a_failure_of_the_store_has_a_line_that_its_answer_names(failing):
    shop = failing.shops[0]
    answer = post(failing, shop.member, Origin=ORIGIN)
    assert answer.status_code == 500
    line = line_of(failing, answer.headers["X-Request-Id"])
    assert (line["level"], line["message"]) == ("error", "store failed")
    assert (line["route"], line["status"]) == ("createMessage", "500")
    assert (line["shop_id"], line["user_id"]) == (shop.id, shop.member)
    assert line["code"] == answer.json()["code"] and line["detail"]
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert "X-Request-Id" in exposed
    listed = failing.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.admin)
    line = line_of(failing, listed.headers["X-Request-Id"])
    assert (line["route"], line["shop_id"], line["user_id"]) == ("listMessages", shop.id, shop.admin)
    assert listed.headers["X-Request-Id"] != answer.headers["X-Request-Id"]


def test_a_line_has_neither_a_token_nor_a_text(failing):
    shop = failing.shops[0]
    answer = post(failing, shop.member)
    line_of(failing, answer.headers["X-Request-Id"])
    secret = token(shop.member)
    assert TEXT not in failing.log()
    assert secret.split(".")[2] not in failing.log() and "Bearer" not in failing.log()


def test_what_succeeds_or_is_refused_has_no_identifier(server):
    shop = server.shops[0]
    for answer in (
        server.try_post(shop.id, shop.member, "x"), server.request("GET", f"/api/v1/shops/{shop.id}/messages"),
        server.request("GET", "/no/such"), server.request("GET", "/healthz"),
    ):  # fmt: skip
        assert "X-Request-Id" not in answer.headers


def test_a_trusted_proxy_names_its_requests(failing):
    name = f"proxy.{uuid.uuid4()}_1"
    assert post(failing, None, **{"X-Request-Id": name}).headers["X-Request-Id"] == name
    assert line_of(failing, name)["message"] == "store failed"
    answer = failing.request("GET", "/healthz", headers={"X-Request-Id": "probe-1"})
    assert answer.status_code == 200 and answer.headers["X-Request-Id"] == "probe-1"
    refused = failing.request("POST", MESSAGES, headers={"X-Request-Id": "refused-1"}, json={})
    assert refused.status_code == 401 and refused.headers["X-Request-Id"] == "refused-1"
    assert lines_of(failing, "refused-1") == []


@pytest.mark.parametrize("name", ["a b", 'a"b', "x" * 65, "a,b", "\u00e4".encode().decode("latin-1")])
def test_a_malformed_name_is_ignored(server, name):
    assert "X-Request-Id" not in server.request("GET", "/healthz", headers={"X-Request-Id": name}).headers


def test_a_client_cannot_choose_the_name(serve):
    server = serve()
    assert "X-Request-Id" not in server.request("GET", "/healthz", headers={"X-Request-Id": "mine"}).headers


def test_two_requests_of_a_connection_have_two_names(failing):
    url = failing.url(MESSAGES)
    shop = failing.shops[0]
    headers = {"Authorization": f"Bearer {token(shop.member)}"}
    body = {"shop_id": shop.id, "message": TEXT}
    with requests.Session() as http:
        http.verify = failing.verify
        first, second = (http.post(url, json=body, headers=headers) for _ in range(2))
        assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
        assert "X-Request-Id" not in http.get(failing.url("/healthz")).headers


def test_an_upgrade_that_a_proxy_named_keeps_its_name(server):
    shop = server.shops[0]
    fields = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "X-Request-Id": "stream-1",
    }  # fmt: skip
    answer = server.request(
        "GET", f"/api/v1/shops/{shop.id}/messages/stream", shop.member, headers=fields, stream=True)
    assert answer.status_code == 101 and answer.headers["X-Request-Id"] == "stream-1"
    answer.close()
