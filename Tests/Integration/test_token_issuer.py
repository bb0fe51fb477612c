"""Keys of tokens that the server fetches from their issuer (AUTH_JWKS_URL)."""

import http.server
import json
import signal
import ssl
import threading

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.certificates import Authority
from support.deadline import wait_until
from support.tokens import token


class Issuer:
    """An HTTPS server that publishes keys: `kids` are those that it has now. `fetches` counts its answers."""

    def __init__(self, authority, names=("localhost",), addresses=(), fields=None):
        self.keys = {}
        self.kids = ["old"]
        self.fields = fields or {}
        self.fetches = 0
        self.answer = None  # instead of the keys: (status, body)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                issuer.fetches += 1
                status, body = issuer.answer or (200, issuer.document())
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **issuer.fields}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if authority:
            certificate = authority.issue(*names, addresses=addresses)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate_path, certificate.key_path)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self):
        for kid in self.kids:
            self.keys.setdefault(kid, ed25519.Ed25519PrivateKey.generate())
        public = [
            {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self.keys[kid].public_key())), "kid": kid, "alg": "EdDSA"}
            for kid in self.kids
        ]
        return json.dumps({"keys": public}).encode()

    def token(self, user, kid):
        return token(user, secret=self.keys[kid], algorithm="EdDSA", headers={"kid": kid})

    def end(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issue(authority):
    """Starts issuers, which end after the test."""
    started = []

    def start(secure=True, **options):
        started.append(Issuer(authority if secure else None, **options))
        return started[-1]

    yield start
    for issuer in started:
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
