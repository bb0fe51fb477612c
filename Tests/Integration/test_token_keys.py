"""Keys of tokens that change while the server runs: one reader, one set for all reactors."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import signal
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.deadline import wait_until
from support.streams import connect_to, receive
from support.tokens import SECRET, token


class Issuer:
    """Signs tokens, and publishes the keys that are good."""

    def __init__(self, path):
        self.path = path
        self.keys = {}

    def publish(self, *kids):
        for kid in kids:
            self.keys.setdefault(kid, ed25519.Ed25519PrivateKey.generate())
        public = [
            {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self.keys[kid].public_key())), "kid": kid, "alg": "EdDSA"}
            for kid in kids
        ]
        renewed = self.path.with_suffix(".new")
        renewed.write_text(json.dumps({"keys": public}))
        renewed.rename(self.path)

    def token(self, user, kid, **claims):
        return token(user, secret=self.keys[kid], algorithm="EdDSA", headers={"kid": kid}, **claims)

    def bearer(self, user, kid, **claims):
        return {"Authorization": f"Bearer {self.token(user, kid, **claims)}"}


@pytest.fixture
def issuer(tmp_path):
    issuer = Issuer(tmp_path / "keys.json")
    issuer.publish("old")
    return issuer


@pytest.fixture
def server(serve, issuer):
    return serve(env={"AUTH_JWKS_FILE": str(issuer.path), "SHOPSTREAM_WRITES_PER_SECOND": "0"}, reactors=2)


def reading(server, issuer, user, kid):
    shop = server.shops[0]
    path = f"/api/v1/shops/{shop.id}/messages"
    return server.request("GET", path, headers=issuer.bearer(user, kid)).status_code


def posting(server, issuer, kid, text):
    shop = server.shops[0]
    return server.request(
        "POST", "/api/v1/shops/messages", headers=issuer.bearer(shop.admin, kid),
        json={"shop_id": shop.id, "message": text},
    ).status_code  # fmt: skip


def test_the_first_token_of_a_new_key_is_good_on_every_reactor(server, issuer):
    shop = server.shops[0]
    assert reading(server, issuer, shop.member, "old") == 200
    issuer.publish("old", "new")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        # Each request has a connection of its own, so that both reactors get some.
        reads = [pool.submit(reading, server, issuer, shop.member, "new") for _ in range(16)]
        posts = [pool.submit(posting, server, issuer, "new", f"x{number}" * 500) for number in range(16)]
        assert [future.result() for future in reads] == [200] * 16
        assert [future.result() for future in posts] == [201] * 16
    assert server.metric("shopstream_key_set_changes_total") == 1
    assert server.metric("websocket_auth_failures_total") == 0
    with connect_to(server, server.stream_url(shop.id), additional_headers=issuer.bearer(shop.member, "new")) as stream:
        assert posting(server, issuer, "old", "both are good") == 201
        assert receive(stream)["message"] == "both are good"


def test_an_upload_by_a_new_key_waits_for_the_read_too(server, issuer):
    shop = server.shops[0]
    issuer.publish("new")
    answer = server.request(
        "POST", f"/api/v1/shops/messages/image/upload?shop_id={shop.id}", headers=issuer.bearer(shop.member, "new"),
        files={"file": ("x.png", b"\x89PNG\r\n\x1a\n" + bytes(2000), "image/png")},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def test_a_withdrawn_key_is_refused_within_a_minute_though_no_token_names_another(server, issuer):
    shop = server.shops[0]
    assert reading(server, issuer, shop.member, "old") == 200
    issuer.publish("new")
    wait_until(lambda: server.metric("shopstream_key_set_changes_total") == 1, 60, "the file is read")
    # Tokens that were verified before are no exception, on either reactor.
    assert [reading(server, issuer, shop.member, "old") for _ in range(8)] == [401] * 8
    assert reading(server, issuer, shop.member, "new") == 200


def test_sighup_reads_the_keys_at_once(server, issuer):
    shop = server.shops[0]
    assert reading(server, issuer, shop.member, "old") == 200
    # More often than they are read by themselves.
    for known, kid in enumerate(("first", "second", "third")):
        issuer.publish(kid)
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.metric("shopstream_key_set_changes_total") > known, 10, "the file is read")
        assert [reading(server, issuer, shop.member, "old") for _ in range(4)] == [401] * 4, "a withdrawn key"
        assert [reading(server, issuer, shop.member, kid) for _ in range(4)] == [200] * 4


def test_unknown_keys_accumulate_neither_reads_nor_requests(server, issuer):
    shop = server.shops[0]
    stranger = Issuer(issuer.path)
    stranger.keys = {f"made-up-{number}": ed25519.Ed25519PrivateKey.generate() for number in range(400)}
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        futures = [pool.submit(reading, server, stranger, shop.member, kid) for kid in stranger.keys]
        assert posting(server, issuer, "old", "goes on") == 201
        assert {future.result() for future in futures} == {401}
    assert time.monotonic() - began < 60
    periods = 2 + (time.monotonic() - began) / 10 + (time.monotonic() - began) / 15
    assert server.metric("shopstream_key_set_reads_total") <= periods


def test_a_broken_file_leaves_the_old_keys(server, issuer):
    shop = server.shops[0]
    issuer.path.write_text("half a file")
    with pytest.raises(KeyError):
        issuer.token(shop.member, "new")
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.metric("shopstream_key_set_failures_total") > 0, 60, "the file is read")
    assert reading(server, issuer, shop.member, "old") == 200
    assert "the old keys go on" in server.log() and server.metric("shopstream_key_set_current") == 0


def test_production_with_keys_from_a_file_requires_issuer_and_audience(serve, issuer):
    env = {"AUTH_JWKS_FILE": str(issuer.path), "SHOPSTREAM_MODE": "production",
           "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"}  # fmt: skip
    for more in ({}, {"AUTH_JWT_ISSUER": "https://securetoken.google.com/p"}, {"AUTH_JWT_AUDIENCE": "p"}):
        server = serve(ready=False, env={**env, **more}).launch()
        assert server.wait() == 78
        assert "AUTH_JWT_ISSUER" in server.log() and "AUTH_JWT_AUDIENCE" in server.log()
    server = serve(env={**env, "AUTH_JWT_ISSUER": "https://securetoken.google.com/p", "AUTH_JWT_AUDIENCE": "p"})
    path = f"/api/v1/shops/{server.shops[0].id}/messages"

    def status(**claims):
        return server.request("GET", path, headers=issuer.bearer(server.shops[0].member, "old", **claims)).status_code

    assert status(iss="https://securetoken.google.com/p", aud="p") == 200
    assert status(iss="https://securetoken.google.com/other", aud="other") == 401
    assert status() == 401


TIMES = ["1e400", "-1e400", "9223372036854775808", "1e308", "-9223372036854775809", "0.5", '"x"', "null", "[1]", "true"]


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_no_time_in_a_token_stops_the_process(serve, claim):
    server = serve(shops=1, env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"})
    shop = server.shops[0]

    def part(text):
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    for value in TIMES:
        claims = {"sub": json.dumps(shop.member), "exp": "9999999999", claim: value}
        body = "{" + ",".join(f'"{name}":{text}' for name, text in claims.items()) + "}"
        signed = part('{"alg":"HS256"}') + "." + part(body)
        digest = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
        text = signed + "." + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        answer = server.request(
            "GET", f"/api/v1/shops/{shop.id}/messages", headers={"Authorization": f"Bearer {text}"})  # fmt: skip
        assert answer.status_code in (200, 401), value
        if answer.status_code == 200:
            # The lifetime of a stream is computed from the token's time.
            with connect_to(server, server.stream_url(shop.id, text)) as stream:
                shop.post("y")
                assert receive(stream)["message"] == "y"
    assert server.is_alive()
