"""Keys of tokens that the server fetches from their issuer (AUTH_JWKS_URL)."""

import signal
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.certificates import Authority
from support.deadline import wait_until
from support.issuer import Issuer
from support.streams import connect_to, receive


@pytest.fixture
def issue(authority):
    """Starts issuers, which end after the test."""
    started = []

    def start(secure=True, **options):
        started.append(Issuer(authority if secure else None, **options))
        return started[-1]

    yield start
    for issuer in started:
        if issuer.stall:
            issuer.stall.set()
        issuer.end()


@pytest.fixture
def settings(authority):
    """Those of a server that trusts the tests' authority as its system does others."""

    def of(issuer, scheme="https", host="localhost"):
        return {
            "AUTH_JWKS_URL": f"{scheme}://{host}:{issuer.port}/keys.json", "AUTH_JWT_SECRET": "",
            "SSL_CERT_FILE": str(authority.path),
        }  # fmt: skip

    return of


def reading(server, issuer, kid):
    shop = server.shops[0]
    headers = {"Authorization": f"Bearer {issuer.token(shop.member, kid)}"}
    return server.request("GET", f"/api/v1/shops/{shop.id}/messages", headers=headers).status_code


@pytest.mark.parametrize("secure", [True, False])
def test_tokens_of_the_issuer_are_good_and_a_new_key_is_fetched_at_once(serve, issue, settings, secure):
    issuer = issue(secure=secure, fields={"Cache-Control": "max-age=3600"})
    server = serve(env=settings(issuer, "https" if secure else "http"))
    assert reading(server, issuer, "old") == 200
    assert issuer.fetches == 1
    issuer.kids = ["old", "new"]
    issuer.document()
    assert reading(server, issuer, "new") == 200
    assert issuer.fetches == 2
    # Another unknown key within ten seconds is refused without a fetch.
    issuer.keys["unknown"] = ed25519.Ed25519PrivateKey.generate()
    assert reading(server, issuer, "unknown") == 401
    assert issuer.fetches == 2
    assert server.metric("shopstream_key_set_changes_total") == 1
    assert server.metric("shopstream_key_set_current") == 1
    assert server.metric("shopstream_key_set_age_seconds") < 60


def test_the_old_keys_go_on_while_the_issuer_fails(serve, issue, settings):
    issuer = issue()
    server = serve(env=settings(issuer))
    issuer.answer = (503, b"away")
    issuer.keys["new"] = ed25519.Ed25519PrivateKey.generate()
    assert reading(server, issuer, "new") == 401
    wait_until(lambda: server.metric("shopstream_key_set_failures_total") == 1, 15, "a fetch has failed")
    assert server.metric("shopstream_key_set_current") == 0
    assert reading(server, issuer, "old") == 200
    assert "the answer is 503" in server.log()
    issuer.answer, issuer.kids = None, ["new"]
    server.signal(signal.SIGHUP)
    wait_until(lambda: reading(server, issuer, "new") == 200, 15, "the new key is used")
    assert reading(server, issuer, "old") == 401


def test_a_failed_fetch_is_repeated_soon_however_long_the_keys_may_be_used(serve, issue, settings):
    issuer = issue(fields={"Cache-Control": "max-age=3600"})
    server = serve(env=settings(issuer))
    issuer.answer = (503, b"away")
    issuer.keys["new"] = ed25519.Ed25519PrivateKey.generate()
    assert reading(server, issuer, "new") == 401
    wait_until(lambda: server.metric("shopstream_key_set_failures_total") == 1, 15, "a fetch has failed")
    assert server.metric("shopstream_key_set_current") == 0
    issuer.answer, issuer.kids = None, ["old", "new"]
    # No token asks for keys any more.
    wait_until(lambda: server.metric("shopstream_key_set_current") == 1, 40, "the keys were fetched again")
    assert reading(server, issuer, "new") == 200


def test_while_the_issuer_stalls_the_server_serves_with_the_old_keys(serve, issue, settings):
    issuer = issue(fields={"Cache-Control": "max-age=3600"})
    server = serve(env=settings(issuer))
    shop = server.shops[0]
    member, admin = (
        {"Authorization": f"Bearer {issuer.token(user, 'old')}"} for user in (shop.member, shop.admin)
    )  # fmt: skip
    issuer.keys["new"] = ed25519.Ed25519PrivateKey.generate()
    issuer.stall = threading.Event()
    assert reading(server, issuer, "new") == 401
    assert issuer.fetches == 2
    with connect_to(server, server.stream_url(shop.id), additional_headers=member) as stream:
        body = {"shop_id": shop.id, "message": "meanwhile"}
        assert server.request("POST", "/api/v1/shops/messages", headers=admin, json=body).status_code == 201
        assert receive(stream)["message"] == "meanwhile"
    wait_until(lambda: server.metric("shopstream_key_set_failures_total") == 1, 30, "the fetch has failed")
    assert server.metric("shopstream_key_set_current") == 0
    wait_until(lambda: "no answer in time" in server.log(), what="the log says why")
    assert reading(server, issuer, "old") == 200


def test_an_issuer_that_stalls_ends_the_start(serve, issue, settings):
    issuer = issue()
    issuer.stall = threading.Event()
    server = serve(ready=False, env=settings(issuer)).launch()
    assert server.wait(30) == 69
    assert f":{issuer.port}/keys.json" in server.log() and "no answer in time" in server.log()


def test_a_start_that_waits_for_the_issuer_can_be_stopped(serve, issue, settings):
    issuer = issue()
    issuer.stall = threading.Event()
    server = serve(ready=False, env=settings(issuer)).launch()
    wait_until(lambda: issuer.fetches == 1, what="the server fetches")
    assert server.terminate() == 0


def test_sighup_drops_a_withdrawn_key_however_long_it_might_be_used(serve, issue, settings):
    issuer = issue(fields={"Cache-Control": "max-age=86400"})
    server = serve(env=settings(issuer))
    assert reading(server, issuer, "old") == 200
    issuer.kids = ["new"]
    issuer.document()
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.metric("shopstream_key_set_changes_total") == 1, 15, "the keys were fetched")
    assert [reading(server, issuer, "old") for _ in range(4)] == [401] * 4, "on every reactor"
    assert reading(server, issuer, "new") == 200


@pytest.mark.parametrize(
    ("names", "host", "reason"),
    [(["issuer.example"], "localhost", "certificate verify failed"), (["localhost"], "127.0.0.1", "certificate verify")],
)
def test_an_issuer_with_another_name_is_refused(serve, issue, settings, names, host, reason):
    issuer = issue(names=names)
    server = serve(ready=False, env=settings(issuer, host=host)).launch()
    assert server.wait(20) == 69
    assert reason in server.log()


def test_an_issuer_of_an_unknown_authority_is_refused(serve, tmp_path, settings):
    folder = tmp_path / "other"
    folder.mkdir()
    issuer = Issuer(Authority(folder))
    server = serve(ready=False, env=settings(issuer)).launch()
    assert server.wait(20) == 69
    assert "certificate verify failed" in server.log()
    issuer.end()


@pytest.mark.parametrize(
    ("answer", "status"), [((404, b""), 69), ((200, b"no keys"), 78), ((200, b" " * (1024 * 1024 + 1)), 69)]
)
def test_an_answer_without_keys_is_refused_at_start(serve, issue, settings, answer, status):
    issuer = issue()
    issuer.answer = answer
    server = serve(ready=False, env=settings(issuer)).launch()
    assert server.wait(20) == status
    assert "AUTH_JWKS_URL" in server.log() or f":{issuer.port}/keys.json" in server.log()


def test_an_issuer_that_cannot_be_reached_is_named(serve, settings):
    class Nobody:
        port = 1

    server = serve(ready=False, env=settings(Nobody)).launch()
    assert server.wait(20) == 69
    assert "Connection refused" in server.log()
