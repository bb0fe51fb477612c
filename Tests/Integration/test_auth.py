"""Tokens: secrets, key sets, claims."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.tokens import SECRET, token


def status(shop, text, path=None):
    path = path or f"/api/v1/shops/{shop.id}/messages"
    return shop.server.request("GET", path, headers={"Authorization": f"Bearer {text}"}).status_code


def test_a_good_token_is_accepted(shop):
    assert status(shop, token(shop.member)) == 200


def test_the_user_may_be_in_user_id(shop):
    assert status(shop, token("", drop=["sub"], user_id=shop.member)) == 200


def test_an_expiry_just_past_is_within_the_leeway_and_one_long_past_is_not(shop):
    assert status(shop, token(shop.member, seconds=-15)) == 200
    assert status(shop, token(shop.member, seconds=-61)) == 401
    assert status(shop, token(shop.member, seconds=-3600)) == 401


def unsigned(claims, header=None):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header or {'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def tampered(text):
    head, claims, signature = text.split(".")
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    body["sub"] = "somebody else"
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b'=').decode()}.{signature}"


BAD = {
    "another secret": lambda user: token(user, secret="another-secret-of-at-least-32-bytes!"),
    "no expiry": lambda user: token(user, drop=["exp"]),
    "not yet valid": lambda user: token(user, nbf=int(time.time()) + 3600),
    "no user": lambda user: token(user, drop=["sub"]),
    "an empty user": lambda user: token(""),
    "a user that is a number": lambda user: token(7),
    "alg none": lambda user: unsigned({"sub": user, "exp": 9999999999}),
    "alg None": lambda user: unsigned({"sub": user, "exp": 9999999999}, {"alg": "None"}),
    "another algorithm of the family": lambda user: token(user, algorithm="HS512"),
    "an unknown crit": lambda user: token(user, headers={"crit": ["x"], "x": 1}),
    "changed claims": lambda user: tampered(token(user)),
    "no signature": lambda user: token(user).rsplit(".", 1)[0] + ".",
    "two parts": lambda user: token(user).rsplit(".", 1)[0],
    "four parts": lambda user: token(user) + ".x",
    "something after it": lambda user: token(user) + "A",
    "words": lambda user: "nonsense",
    "a huge one": lambda user: "a" * 7000,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_401(shop, kind):
    answer = shop.server.request(
        "GET", f"/api/v1/shops/{shop.id}/messages", headers={"Authorization": f"Bearer {BAD[kind](shop.member)}"}
    )
    assert answer.status_code == 401
    assert set(answer.json()) >= {"message", "code"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("header", ["", "Authorization: Bearer a.b.c\r\n", "Authorization: Basic YTpi\r\n"])
def test_the_body_of_an_unauthenticated_client_is_not_waited_for(shop, method, header):
    with RawSocket(shop.server) as raw:
        raw.send(
            f"{method} /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\n{header}"
            "Content-Type: application/json\r\nContent-Length: 131072\r\n\r\n{".encode()
        )
        status, headers, _ = raw.response()
        assert (status, headers["connection"]) == (401, "close")
        assert raw.is_at_end(sends_more=False)


def test_the_body_that_no_route_reads_is_dropped_and_the_connection_goes_on(shop):
    with RawSocket(shop.server) as raw:
        for _ in range(3):
            raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000)
            assert raw.response()[0] == 200


def test_no_token_is_401_and_the_query_serves_the_stream_only(shop):
    path = f"/api/v1/shops/{shop.id}/messages"
    assert shop.server.request("GET", path).status_code == 401
    assert shop.server.request("GET", f"{path}?token={token(shop.member)}").status_code == 401
    assert shop.server.request("POST", "/api/v1/shops/messages", json={}).status_code == 401


def test_the_scheme_is_read_in_any_case(shop):
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {token(shop.member)}"}
        assert shop.server.request("GET", f"/api/v1/shops/{shop.id}/messages", headers=headers).status_code == 200


def test_issuer_and_audience_are_checked_when_configured(serve):
    server = serve(env={"AUTH_JWT_ISSUER": "https://id.example", "AUTH_JWT_AUDIENCE": "chat"})
    shop = server.shops[0]
    right = {"iss": "https://id.example", "aud": "chat"}
    assert status(shop, token(shop.member, **right)) == 200
    assert status(shop, token(shop.member, **{**right, "aud": ["other", "chat"]})) == 200
    for wrong in ({}, {"iss": right["iss"]}, {**right, "iss": "https://id.example/"}, {**right, "aud": "cha"}):
        assert status(shop, token(shop.member, **wrong)) == 401, wrong


def jwk(key, kid, algorithm):
    algorithms = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm,
                  "EdDSA": jwt.algorithms.OKPAlgorithm}  # fmt: skip
    public = json.loads(algorithms[algorithm].to_jwk(key.public_key()))
    return {**public, "kid": kid, "alg": algorithm, "use": "sig"}


def test_keys_of_a_key_set_and_a_secret_side_by_side(serve, tmp_path):
    keys = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [jwk(key, f"kid-{name}", name) for name, key in keys.items()]}))
    server = serve(env={"AUTH_JWKS_FILE": str(path)})
    shop = server.shops[0]
    for name, key in keys.items():
        good = token(shop.member, secret=key, algorithm=name, headers={"kid": f"kid-{name}"})
        assert status(shop, good) == 200, name
        unknown = token(shop.member, secret=key, algorithm=name, headers={"kid": "unknown"})
        assert status(shop, unknown) == 401, name
    assert status(shop, token(shop.member)) == 200, "without a kid the secret counts"
    # The algorithm is the key's, whatever the token says: a public key must never serve as a secret.
    crossed = token(shop.member, headers={"kid": "kid-RS256"})
    assert status(shop, crossed) == 401
    crossed = token(shop.member, secret=keys["ES256"], algorithm="ES256", headers={"kid": "kid-RS256"})
    assert status(shop, crossed) == 401


def test_keys_that_change_are_found_without_a_restart(serve, tmp_path):
    old, new = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    path = tmp_path / "keys.json"

    def publish(**keys):
        path.write_text(json.dumps({"keys": [jwk(key, kid, "EdDSA") for kid, key in keys.items()]}))

    def by(kid, key):
        return status(shop, token(shop.member, secret=key, algorithm="EdDSA", headers={"kid": kid}))

    publish(old=old)
    server = serve(env={"AUTH_JWKS_FILE": str(path)}, reactors=1)
    shop = server.shops[0]
    assert (by("old", old), by("new", new)) == (200, 401)
    path.write_text("half a file")
    # The file was read a moment ago; an unknown `kid` does not cause another read so soon.
    assert by("new", new) == 401 and "cannot be used" not in server.log()
    wait_until(lambda: by("new", new) == 401 and "cannot be used" in server.log(), 20, "the file is read again")
    assert by("old", old) == 200, "the keys that were good go on"
    publish(new=new)
    wait_until(lambda: by("new", new) == 200, 20, "the new key is found")
    assert by("old", old) == 401, "the old one is withdrawn"


def test_a_message_has_the_name_of_the_token_when_that_is_configured(serve):
    server = serve(env={"WEBSOCKET_INCLUDE_USERNAME": "true"})
    shop = server.shops[0]
    headers = {"Authorization": f"Bearer {token(shop.member, name='Grace Hopper')}"}
    body = {"shop_id": shop.id, "message": "x"}
    named = server.request("POST", "/api/v1/shops/messages", headers=headers, json=body).json()["data"]
    assert named["username"] == "Grace Hopper"
    assert shop.post("y")["username"] is None
    assert [message["username"] for message in shop.list()] == ["Grace Hopper", None]


def test_without_the_setting_for_names_there_is_no_username(shop):
    assert "username" not in shop.post("x")


def test_the_secret_is_what_the_tests_think(shop):
    """The canary: if every token were accepted, the tests above would fail, and this one would report it first."""
    assert status(shop, token(shop.member, secret=SECRET + "x")) == 401
