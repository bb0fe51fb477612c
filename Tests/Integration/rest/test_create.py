"""POST /api/v1/shops/messages."""

import json
import re
import uuid

import pytest
from support.rawsocket import RawSocket
from support.tokens import token

PATH = "/api/v1/shops/messages"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def test_a_created_message_has_the_fields_of_the_contract(shop):
    answer = shop.server.try_post(shop.id, shop.member, "Hello team!")
    assert answer.status_code == 201
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert body["status"] == 201 and isinstance(body["message"], str)
    message = body["data"]
    uuid.UUID(message["id"])
    assert TIME.fullmatch(message["created_at"])
    assert {key: message[key] for key in ("shop_id", "user_id", "message", "updated_at", "is_edited")} == {
        "shop_id": shop.id, "user_id": shop.member, "message": "Hello team!", "updated_at": None, "is_edited": False,
    }  # fmt: skip
    assert list(message)[:7] == ["id", "shop_id", "user_id", "message", "created_at", "updated_at", "is_edited"]
    assert shop.list() == [message]


TEXTS = [
    "a",
    " leading and trailing ",
    "line\r\nbreak\ttab",
    'quotes " and \\ backslash / slash',
    "Grüße, 日本語, العربية",
    "👩‍👩‍👧‍👦 family, 🇩🇪 flag",
    "e\u0301 decomposed, \u00e9 composed",
    "\u2028 line separator \u2029",
    "\ufeff byte order mark",
    "\u0001\u001f\u007f controls",
    "\U0010ffff the last scalar",
    "[IMAGE:https://example.com/a.png]",
    "</script><b>&amp;",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "plain"])
def test_text_comes_back_byte_for_byte(shop, text, escaped):
    body = json.dumps({"shop_id": shop.id, "message": text}, ensure_ascii=escaped).encode()
    answer = shop.server.request("POST", PATH, shop.admin, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["message"].encode() == text.encode()
    assert shop.list()[-1]["message"].encode() == text.encode()


def test_a_surrogate_pair_that_is_escaped_is_one_character(shop):
    body = b'{"shop_id":"%s","message":"\\ud83d\\ude00"}' % shop.id.encode()
    assert shop.server.request("POST", PATH, shop.admin, data=body).json()["data"]["message"] == "😀"


def test_text_of_exactly_the_limit_passes_and_a_byte_more_is_too_long(shop):
    assert shop.post("x" * 16384)["message"] == "x" * 16384
    assert shop.post("é" * 8192)["message"] == "é" * 8192
    for text in ("x" * 16385, "é" * 8192 + "x", "😀" * 4097):
        answer = shop.server.try_post(shop.id, shop.admin, text)
        assert (answer.status_code, answer.json()["code"]) == (400, "message_too_long")


def test_a_text_of_the_limit_may_be_escaped_throughout(shop):
    text = "\u00e9" * 8192
    body = json.dumps({"shop_id": shop.id, "message": text}).encode()  # six bytes a character
    assert shop.server.request("POST", PATH, shop.admin, data=body).json()["data"]["message"] == text


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u00a0\u2003"])
def test_an_empty_text_is_refused(shop, text):
    answer = shop.server.try_post(shop.id, shop.admin, text)
    assert (answer.status_code, answer.json()["code"]) == (400, "message_empty")


BAD_BODIES = {
    "no body": b"",
    "no JSON": b"hello",
    "cut off": b'{"shop_id":"SHOP","message":"x"',
    "something after it": b'{"shop_id":"SHOP","message":"x"}}',
    "an array": b'["SHOP","x"]',
    "null": b"null",
    "no shop": b'{"message":"x"}',
    "no text": b'{"shop_id":"SHOP"}',
    "text null": b'{"shop_id":"SHOP","message":null}',
    "text a number": b'{"shop_id":"SHOP","message":7}',
    "shop a number": b'{"shop_id":7,"message":"x"}',
    "parent a number": b'{"shop_id":"SHOP","message":"x","parent_id":7}',
    "escaped NUL": b'{"shop_id":"SHOP","message":"a\\u0000b"}',
    "raw control": b'{"shop_id":"SHOP","message":"a\nb"}',
    "lone high surrogate": b'{"shop_id":"SHOP","message":"a\\ud83d"}',
    "lone low surrogate": b'{"shop_id":"SHOP","message":"\\ude00b"}',
    "broken UTF-8": b'{"shop_id":"SHOP","message":"\xff\xfe"}',
    "overlong UTF-8": b'{"shop_id":"SHOP","message":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"shop_id":"SHOP","message":"\xed\xa0\x80"}',
    "bad escape": b'{"shop_id":"SHOP","message":"\\x41"}',
    "empty shop": b'{"shop_id":"","message":"x"}',
}


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_malformed_body_is_400_and_stores_nothing(shop, kind):
    body = BAD_BODIES[kind].replace(b"SHOP", shop.id.encode())
    answer = shop.server.request("POST", PATH, shop.admin, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 if kind != "empty shop" else answer.status_code in (400, 403)
    assert set(answer.json()) >= {"message", "code"}
    assert shop.list() == []


def test_deep_nesting_is_refused_and_does_no_harm(shop):
    body = b'{"shop_id":"%s","message":"x","extra":%s}' % (shop.id.encode(), b"[" * 60000 + b"]" * 60000)
    assert shop.server.request("POST", PATH, shop.admin, data=body).status_code in (400, 201)


def test_unknown_keys_are_ignored(shop):
    extra = {"unknown": {"deep": [1, None, True, {"x": "y"}]}, "id": "mine", "created_at": "2000-01-01T00:00:00Z"}
    message = shop.post("hello", **extra)
    assert message["id"] != "mine" and not message["created_at"].startswith("2000")


def test_only_members_may_write(shop):
    answer = shop.server.try_post(shop.id, shop.outsider, "x")
    missing = shop.server.try_post("no-such-shop", shop.admin, "x")
    assert answer.status_code == missing.status_code == 403
    assert answer.json() == missing.json(), "a shop that is missing looks like one of others"
    assert shop.list() == []


def test_identifiers_are_compared_byte_for_byte(serve):
    server = serve(members=[("caf\u00e9", "ada", "member")])
    assert server.try_post("caf\u00e9", "ada", "x").status_code == 201
    assert server.try_post("cafe\u0301", "ada", "x").status_code == 403


def test_a_reply_names_a_message_of_the_same_shop(shop, common_server):
    parent = shop.post("question")
    assert shop.post("answer", parent_id=parent["id"])["parent_id"] == parent["id"]
    assert shop.post("alone", parent_id=None).get("parent_id") is None
    other = next(common_server.fresh_shops)
    for wrong in ("no-such-message", other.post("elsewhere")["id"]):
        assert shop.server.try_post(shop.id, shop.admin, "x", parent_id=wrong).status_code == 400


def test_times_of_a_shop_rise_strictly_in_the_order_of_the_list(shop):
    times = [shop.post(str(number))["created_at"] for number in range(30)]
    assert times == sorted(set(times))
    assert [message["message"] for message in shop.list()] == [str(number) for number in range(30)]


def test_a_body_that_is_too_large_is_413_before_it_was_sent(shop):
    with RawSocket(shop.server) as raw:
        raw.send(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
            "Content-Type: application/json\r\nContent-Length: 131073\r\n\r\n".encode()
        )
        assert raw.response()[0] == 413
        assert raw.is_at_end(sends_more=False)


def test_a_chunked_body_that_grows_too_large_is_413(shop):
    with RawSocket(shop.server) as raw:
        raw.send(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(33):
            raw.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert raw.response()[0] == 413


def test_a_chunked_body_is_read(shop):
    body = json.dumps({"shop_id": shop.id, "message": "in pieces"}).encode()
    pieces = (body[index : index + 7] for index in range(0, len(body), 7))
    answer = shop.server.request("POST", PATH, shop.admin, data=pieces)
    assert answer.status_code == 201, answer.text


def test_requests_on_one_connection_are_answered_in_order(shop):
    requests = b""
    for number in range(20):
        body = json.dumps({"shop_id": shop.id, "message": f"pipelined {number}"}).encode()
        requests += (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
    with RawSocket(shop.server) as raw:
        raw.send(requests)
        answers = [raw.response() for _ in range(20)]
    assert [json.loads(body)["data"]["message"] for _, _, body in answers] == [f"pipelined {n}" for n in range(20)]
    assert [message["message"] for message in shop.list()] == [f"pipelined {n}" for n in range(20)]


def test_a_client_that_expects_100_continue_gets_it(shop):
    body = json.dumps({"shop_id": shop.id, "message": "patient"}).encode()
    with RawSocket(shop.server) as raw:
        raw.send(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        assert raw.response(has_body=False)[0] == 100
        raw.send(body)
        assert raw.response()[0] == 201


def test_a_parent_with_a_nul_is_refused(shop):
    answer = shop.server.try_post(shop.id, shop.member, "t", parent_id="a\0b")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parent")


@pytest.mark.parametrize("tail", [",}", "}}", "/**/}", ",'a':1}", ',"a":01}', ',"a":NaN}', ',"a":[1,]}'])
def test_a_text_outside_the_json_grammar_is_refused(shop, tail):
    body = f'{{"shop_id":"{shop.id}","message":"t"{tail}'
    answer = shop.server.request("POST", PATH, shop.member, data=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


def test_the_last_value_of_a_repeated_key_counts(shop):
    body = f'{{"shop_id":1,"message":null,"shop_id":"{shop.id}","message":"last"}}'
    assert shop.server.request("POST", PATH, shop.member, data=body).json()["data"]["message"] == "last"
