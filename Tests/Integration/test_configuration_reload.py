"""SIGHUP and the configuration file: what applies at once, what needs a restart, and what changes nothing."""

import json
import signal

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import free_port
from support.streams import open_stream, refusal
from support.tokens import SECRET, bearer

OLD, NEW = "https://old.example", "https://new.example"


class Reloading:
    """A server with a configuration file that a test changes."""

    def __init__(self, serve, path, text, **options):
        self.path = path
        self.write(text)
        self.server = serve(args=["--config", str(path)], **options)

    def write(self, text):
        self.path.write_text(text)
        self.path.chmod(0o600)

    def count(self, result):
        return self.server.metric("shopstream_configuration_reloads_total", result=result)

    def reload(self, text=None, result="applied"):
        """Writes the file and signals; returns what was logged since, when the reload is over."""
        if text is not None:
            self.write(text)
        count, logged = self.count(result), len(self.server.log())
        self.server.signal(signal.SIGHUP)
        wait_until(lambda: self.count(result) == count + 1, what=f"a reload is {result}")
        ends = {"applied": "settings read again", "failed": "the settings cannot be used"}
        wait_until(lambda: ends[result] in self.server.log()[logged:], what="the reload is logged")
        return self.server.log()[logged:]


@pytest.fixture
def reloading(serve, tmp_path):
    return lambda text, **options: Reloading(serve, tmp_path / "shopstream.yaml", text, **options)


def origins(*names):
    return f"websocket: {{allowed_origins: [{', '.join(names)}]}}\n"


def test_the_log_level_changes(reloading):
    it = reloading("shopstream_log_level: error\n")
    assert "listening" not in it.server.log()
    logged = it.reload("shopstream_log_level: info\n")
    assert '"message":"SHOPSTREAM_LOG_LEVEL changed","from":"error","to":"info"' in logged
    logged = it.reload("shopstream_log_level: error\n")
    assert '"from":"info","to":"error"' in logged and '"applied":"1","need_restart":"0"' in logged
    before = len(it.server.log())
    it.server.signal(signal.SIGHUP)
    wait_until(lambda: it.count("applied") == 3, what="the third reload is over")
    it.write("shopstream_log_level: loud\n")
    it.server.signal(signal.SIGHUP)
    wait_until(lambda: "the settings cannot be used" in it.server.log()[before:], what="an error is logged")
    assert "settings read again" not in it.server.log()[before:]


def test_a_new_origin_is_accepted_and_open_streams_stay(reloading):
    it = reloading(origins(OLD))
    server, shop = it.server, it.server.shops[0]
    with open_stream(server, shop.id, shop.member, headers={"Origin": OLD}) as stream:
        assert refusal(server, shop.id, shop.member, headers={"Origin": NEW}).status_code == 403
        logged = it.reload(origins(NEW))
        assert f'"message":"WEBSOCKET_ALLOWED_ORIGINS changed","from":"{OLD}","to":"{NEW}"' in logged
        # On every reactor, whichever accepts the connection.
        for _ in range(8):
            assert refusal(server, shop.id, shop.admin, headers={"Origin": OLD}).status_code == 403
            answer = server.request("GET", f"/api/v1/shops/{shop.id}/messages", shop.member, headers={"Origin": NEW})
            assert answer.headers["Access-Control-Allow-Origin"] == NEW
        with open_stream(server, shop.id, shop.admin, headers={"Origin": NEW}) as other:
            shop.post("both hear it")
            assert "both hear it" in stream.recv(timeout=10) and "both hear it" in other.recv(timeout=10)


def test_limits_of_requests_change(reloading):
    it = reloading("shopstream_max_text_bytes: 5\nshopstream_list_max_messages: 2\n")
    server, shop = it.server, it.server.shops[0]
    assert server.try_post(shop.id, shop.member, "123456").status_code == 400
    for _ in range(3):
        shop.post("12345")
    path = f"/api/v1/shops/{shop.id}/messages"
    assert len(server.request("GET", path, shop.member).json()["data"]) == 2
    it.reload("shopstream_max_text_bytes: 6\nshopstream_list_max_messages: 3\nshopstream_writes: {per_second: 0}\n")
    for _ in range(6):
        assert server.try_post(shop.id, shop.member, "123456").status_code == 201
        assert len(server.request("GET", path, shop.member).json()["data"]) == 3


def test_the_limit_of_streams_changes_and_open_streams_stay(reloading):
    it = reloading("websocket: {max_connections_per_user: 2, connect_attempts_per_minute: 0}\n")
    server, shop = it.server, it.server.shops[0]
    with open_stream(server, shop.id, shop.member) as first, open_stream(server, shop.id, shop.member) as second:
        assert refusal(server, shop.id, shop.member).status_code == 429
        it.reload("websocket: {max_connections_per_user: 3, connect_attempts_per_minute: 0}\n")
        with open_stream(server, shop.id, shop.member) as third:
            it.reload("websocket: {max_connections_per_user: 1, connect_attempts_per_minute: 0}\n")
            assert refusal(server, shop.id, shop.member).status_code == 429
            shop.post("all three stay")
            for stream in (first, second, third):
                assert "all three stay" in stream.recv(timeout=10)
    wait_until(lambda: server.open_streams() == 0, what="the streams have ended")
    with open_stream(server, shop.id, shop.member):
        assert refusal(server, shop.id, shop.member).status_code == 429


def test_the_limit_of_attempts_and_of_connections_of_an_address_change(reloading):
    it = reloading("websocket: {connect_attempts_per_minute: 1}\n")
    server, shop = it.server, it.server.shops[0]
    with open_stream(server, shop.id, shop.member):
        pass
    assert refusal(server, shop.id, shop.member).status_code == 429
    it.reload("websocket: {connect_attempts_per_minute: 2}\nshopstream_max_connections_per_address: 2\n")
    with open_stream(server, shop.id, shop.member), open_stream(server, shop.id, shop.member):
        with RawSocket(server) as third:
            third.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert third.response() is None  # closed without an answer
        # A reload by signal: the metrics have no room.
        it.write("websocket: {connect_attempts_per_minute: 2}\n")
        server.signal(signal.SIGHUP)

        def is_admitted():
            with RawSocket(server) as third:
                third.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                return third.response() is not None

        wait_until(is_admitted, what="the limit is gone")
    # What was counted is released without a limit too.
    wait_until(lambda: server.open_streams() == 0, what="the streams have ended")


def test_a_change_that_needs_a_restart_is_reported_each_time(reloading):
    it = reloading("shopstream_orphan_image_seconds: 100\nshopstream_max_text_bytes: 5\n")
    port = free_port()
    text = (
        "shopstream_orphan_image_seconds: 200\nshopstream_listen_plain:\n"
        f"shopstream: {{max_text_bytes: 6, metrics_listen: '127.0.0.1:{port}'}}\n"
    )
    logged = it.reload(text)
    for name in ("SHOPSTREAM_ORPHAN_IMAGE_SECONDS", "SHOPSTREAM_METRICS_LISTEN"):
        assert f'"level":"warning","message":"{name} changed, which needs a restart"' in logged
    assert '"message":"SHOPSTREAM_MAX_TEXT_BYTES changed","from":"5","to":"6"' in logged
    assert '"applied":"1","need_restart":"2"' in logged
    logged = it.reload()
    assert '"applied":"0","need_restart":"2"' in logged and "SHOPSTREAM_MAX_TEXT_BYTES" not in logged
    logged = it.reload("shopstream_orphan_image_seconds: 100\nshopstream_max_text_bytes: 6\n")
    assert '"applied":"0","need_restart":"0"' in logged


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "shopstream_max_text_byte: 6\n",
            ":1: shopstream_max_text_byte='…' cannot be used: there is no such setting; the nearest is ",
        ),
        (origins(NEW) + "shopstream_max_text_bytes: many\n", ":2: shopstream_max_text_bytes='many' cannot be used: "),
        (origins(NEW) + "{", "line 3: could not find"),
        (None, "it cannot be read (No such file or directory)"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing(reloading, text, reason):
    it = reloading(origins(OLD) + "shopstream_max_text_bytes: 5\n")
    server, shop = it.server, it.server.shops[0]
    if text is None:
        it.path.unlink()
    logged = it.reload(text, result="failed")
    assert '"level":"error"' in logged and reason in logged
    assert "changed" not in logged.replace("nothing has changed", "")
    assert server.try_post(shop.id, shop.member, "123456").status_code == 400
    assert refusal(server, shop.id, shop.member, headers={"Origin": NEW}).status_code == 403
    with open_stream(server, shop.id, shop.member, headers={"Origin": OLD}):
        pass
    it.reload(origins(NEW) + "shopstream_max_text_bytes: 6\n")
    assert server.try_post(shop.id, shop.member, "123456").status_code == 201


def test_what_would_be_in_force_must_be_valid_too(reloading):
    # The mode needs a restart. Until then production is in force, which requires a list of origins.
    it = reloading("shopstream_mode: production\n" + origins(OLD), env={"SHOPSTREAM_MODE": ""})
    logged = it.reload("shopstream_mode: development\n", result="failed")
    assert "WEBSOCKET_ALLOWED_ORIGINS is missing" in logged
    shop = it.server.shops[0]
    assert refusal(it.server, shop.id, shop.member, headers={"Origin": NEW}).status_code == 403


@pytest.mark.parametrize("keys", ["secret", "secret and keys"])
def test_a_new_secret_is_used_and_never_logged(reloading, tmp_path, keys):
    secret_path = tmp_path / "secret"
    secret_path.write_text(SECRET)
    secret_path.chmod(0o600)
    text = f"auth: {{jwt_secret_file: {secret_path}}}\n"
    if keys != "secret":
        jwks = tmp_path / "keys.json"
        key = ed25519.Ed25519PrivateKey.generate().public_key()
        jwks.write_text(
            json.dumps({"keys": [{**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key)), "kid": "a", "alg": "EdDSA"}]})
        )
        text += f"auth_jwks_file: {jwks}\n"
    it = reloading(text, env={"AUTH_JWT_SECRET": ""})
    server, shop = it.server, it.server.shops[0]
    new = "another-secret-of-at-least-32-bytes"
    path = f"/api/v1/shops/{shop.id}/messages"

    def status(secret):
        return server.request("GET", path, headers=bearer(shop.member, secret=secret)).status_code

    assert (status(SECRET), status(new)) == (200, 401)
    with open_stream(server, shop.id, shop.member) as stream:
        secret_path.write_text(new)
        logged = it.reload()
        assert '"message":"AUTH_JWT_SECRET changed","from":"(hidden)","to":"(hidden)"' in logged
        for _ in range(8):
            assert (status(SECRET), status(new)) == (401, 200)
        server.request(
            "POST", "/api/v1/shops/messages", headers=bearer(shop.admin, secret=new),
            json={"shop_id": shop.id, "message": "still open"},
        )  # fmt: skip
        assert "still open" in stream.recv(timeout=10)
    secret_path.write_text("")
    assert "the file is empty" in it.reload(result="failed")
    assert (status(SECRET), status(new)) == (401, 200)
    assert SECRET not in server.log() and new not in server.log()


def test_the_window_of_a_stop_changes(reloading):
    it = reloading("shopstream_drain_window_seconds: 0\n", env={"SHOPSTREAM_DRAIN_WINDOW_SECONDS": ""})
    server, shop = it.server, it.server.shops[0]
    it.reload("shopstream_drain: {window_seconds: 1, delay_seconds: 0}\n")
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        server.signal(signal.SIGTERM)
        assert stream.close_code() == 1012  # 1001 without a window
    assert server.wait() == 0


def test_signals_in_quick_succession_end_with_the_last_file(reloading):
    it = reloading("shopstream_max_text_bytes: 1\n")
    for count in range(2, 12):
        it.write(f"shopstream_max_text_bytes: {count}\n")
        it.server.signal(signal.SIGHUP)
    shop = it.server.shops[0]
    wait_until(lambda: it.server.try_post(shop.id, shop.member, "x" * 11).status_code == 201, what="the last applies")
    assert it.server.try_post(shop.id, shop.member, "x" * 12).status_code == 400
