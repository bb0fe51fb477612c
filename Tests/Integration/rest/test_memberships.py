"""The end of a membership, by the command, while the server runs; names; large lists."""

import json
import subprocess

import pytest
import requests
from support.deadline import wait_until
from support.server import find_binary
from support.streams import close_code, open_stream, receive
from support.tokens import bearer, token

SECONDS_MAX = 10


def command(server, *arguments):
    subprocess.run(
        [str(find_binary()), *arguments, "--store", server.store], env=server.env, check=True, capture_output=True,
        timeout=30,
    )  # fmt: skip


def test_a_removed_member_is_refused_and_loses_the_streams_of_that_shop_alone(serve):
    both = [("shop-1", "grace-0", "member")]
    server = serve(members=both)
    shop, other = server.shops[:2]
    message = shop.post("before", shop.member)
    streams = [open_stream(server, shop.id, shop.member, **more) for more in ({}, {"subprotocols": ["shopstream.v2"]})]
    with open_stream(server, shop.id, shop.admin) as neighbour, open_stream(server, other.id, shop.member) as elsewhere:
        command(server, "member", "remove", shop.id, shop.member)
        # Closed after `SECONDS_MAX` at the latest, though no other process notified the server.
        assert [close_code(stream, SECONDS_MAX) for stream in streams] == [4403, 4403]
        for answer in (
            server.try_post(shop.id, shop.member, "x"),
            server.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.member),
            server.request("GET", f"/api/v1/shops/{shop.id}/messages/paginated", shop.member),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "not_a_member")
        edit = {"message_id": message["id"], "message": "y"}
        assert server.request("PUT", "/api/v1/shops/messages", shop.member, json=edit).status_code == 404
        path = f"/api/v1/shops/messages/{message['id']}"
        assert server.request("DELETE", path, shop.member).status_code == 404
        after = shop.post("after")
        assert receive(neighbour) == after, "other users' streams of the shop stay"
        assert server.post(other.id, shop.member, "here still") == receive(elsewhere), "and those of other shops"
    assert server.metric("websocket_disconnect_reasons", reason="membership_ended") == 2


def test_a_member_that_is_added_again_is_admitted_again(serve):
    server = serve()
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        command(server, "member", "remove", shop.id, shop.member)
        assert close_code(stream, SECONDS_MAX) == 4403
    command(server, "member", "add", shop.id, shop.member)
    wait_until(lambda: server.try_post(shop.id, shop.member, "x").status_code == 201, SECONDS_MAX, "a member again")
    with open_stream(server, shop.id, shop.member) as stream:
        assert shop.post("y") == receive(stream)


def test_a_role_that_changes_shows_and_ends_no_stream(serve):
    server = serve()
    shop = server.shops[0]
    message = shop.post("x")
    path = f"/api/v1/shops/messages/{message['id']}"
    assert server.request("DELETE", path, shop.member).status_code == 403
    with open_stream(server, shop.id, shop.member) as stream:
        command(server, "member", "add", shop.id, shop.member, "--role", "admin")
        wait_until(lambda: server.request("DELETE", path, shop.member).status_code == 200, SECONDS_MAX, "an admin")
        assert shop.post("y") == receive(stream)


def test_messages_have_names_when_that_is_configured(serve):
    server = serve(env={"WEBSOCKET_INCLUDE_USERNAME": "true"})
    shop = server.shops[0]

    def post(**claims):
        answer = server.request(
            "POST", "/api/v1/shops/messages", headers=bearer(shop.member, **claims),
            json={"shop_id": shop.id, "message": "x"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    with open_stream(server, shop.id, shop.admin) as stream:
        named, nameless = post(name="Grace \"Amazing\" Hopper"), post()
        assert (named["username"], nameless["username"]) == ("Grace \"Amazing\" Hopper", None)
        assert [receive(stream), receive(stream)] == [named, nameless]
    assert shop.list() == [named, nameless]
    edit = {"message_id": named["id"], "message": "y"}
    edited = server.request("PUT", "/api/v1/shops/messages", shop.member, json=edit).json()["data"]
    assert edited["username"] == named["username"], "the name at the time of writing"


def test_messages_have_no_names_when_that_is_not_configured(shop):
    answer = shop.server.request(
        "POST", "/api/v1/shops/messages", headers=bearer(shop.member, name="Grace"),
        json={"shop_id": shop.id, "message": "x"},
    )  # fmt: skip
    assert "username" not in answer.json()["data"]


@pytest.mark.timeout(120)
def test_ten_megabytes_of_messages_come_in_one_list(shop):
    count = 640
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token(shop.member)}"
        posted = []
        for number in range(count):
            text = f"{number:06}" + "é" * 8189
            answer = session.post(
                shop.server.url("/api/v1/shops/messages"), json={"shop_id": shop.id, "message": text}, timeout=15
            )
            posted.append(answer.json()["data"])
    answer = shop.server.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.member)
    assert len(answer.content) > 10_000_000
    assert json.loads(answer.content)["data"] == posted
    assert answer.json()["has_more"] is False
