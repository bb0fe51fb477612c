"""Start and stop: signals, a second server, bad settings, logs."""

import asyncio
import json
import re
import signal
import socket
import subprocess

import aiohttp
import pytest
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import find_binary, free_port
from support.streams import close_code, open_stream
from support.tokens import SECRET, bearer, token

LEVELS = ["trace", "debug", "info", "notice", "warning", "error", "critical"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_streams_with_1001_and_exits_0(serve, number):
    server = serve(shops=20)
    streams = [open_stream(server, shop.id, user) for shop in server.shops for user in (shop.admin, shop.member)]
    wait_until(lambda: server.open_streams() == 40, what="all streams are open")
    server.signal(number)
    assert [close_code(stream) for stream in streams] == [1001] * 40
    assert server.wait(10) == 0


def test_a_stream_that_does_not_answer_the_close_does_not_delay_the_end(serve):
    server = serve()
    shop = server.shops[0]
    with RawSocket(server) as silent, RawSocket(server) as idle, RawSocket(server) as half:
        silent.opened(shop.id, shop.member)
        half.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        idle.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.response()[0] == 200
        assert server.terminate(10) == 0


def test_requests_in_flight_are_answered_and_stored(serve):
    server = serve(shops=4)

    async def write(session, shop, answered, failed):
        number = 0
        while True:
            body = {"shop_id": shop.id, "message": str(number)}
            try:
                url = server.url("/api/v1/shops/messages")
                async with session.post(url, json=body, headers=bearer(shop.admin)) as answer:
                    data = await answer.read()
            except aiohttp.ClientConnectorError:
                return  # refused: the server had stopped listening
            except aiohttp.ClientError as error:
                failed.append(error)
                return
            if answer.status == 503:
                return
            assert answer.status == 201, data
            answered.append(json.loads(data)["data"])
            number += 1

    async def run():
        answered, failed = {shop.id: [] for shop in server.shops}, []
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            writers = [asyncio.create_task(write(session, shop, answered[shop.id], failed)) for shop in server.shops * 2]
            while sum(map(len, answered.values())) < 200:
                await asyncio.sleep(0)
            server.signal(signal.SIGTERM)
            await asyncio.gather(*writers)
        return answered, failed

    answered, failed = asyncio.run(run())
    assert server.wait(10) == 0
    server.start()
    for shop in server.shops:
        stored = {message["id"]: message for message in shop.list()}
        assert all(stored.get(message["id"]) == message for message in answered[shop.id])
        # A request that had not been read yet may meet a closed connection, but then it was not carried out either.
        assert len(stored) <= len(answered[shop.id]) + len(failed)


@pytest.mark.parametrize("round", range(6))
def test_drained_reactors_end_together(serve, round):
    # The last reactor differs from run to run: the others must be notified, not wait for the time limit.
    server = serve(shops=4, reactors=4)
    for shop in server.shops:
        shop.post("the last word")
    assert server.terminate(10) == 0
    assert "cut off" not in server.log()


def test_a_draining_server_is_not_ready(serve):
    server = serve(reactors=1)  # so that the end of the stream shows the state of the one reactor
    shop = server.shops[0]
    with RawSocket(server) as raw, RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        raw.begin_after_answer(b"GET /readyz HTTP/1.1\r\nHost: x\r\n")
        server.signal(signal.SIGTERM)
        assert stream.close_code() == 1001
        raw.send(b"\r\n")
        status, headers, body = raw.response()
        assert (status, json.loads(body)["code"]) == (503, "draining")
        assert int(headers["retry-after"]) >= 1
    assert server.wait(10) == 0


def test_a_second_server_on_the_same_port_is_refused_and_the_first_is_unharmed(serve):
    first = serve()
    second = serve(ready=False, port=first.port).launch()
    assert second.wait(15) != 0
    assert str(first.port) in second.log() and "--takeover" in second.log()
    first.shops[0].post("unharmed")


BAD_SETTINGS = {
    "SHOPSTREAM_MODE": ["prod"],
    "SHOPSTREAM_LISTEN": ["8080x", "127.0.0.1:99999", "nonsense:80:80"],
    "SHOPSTREAM_METRICS_LISTEN": ["9090x", "127.0.0.1:99999"],
    "SHOPSTREAM_STORE": ["mysql:x", "sqlite:"],
    "SHOPSTREAM_REACTORS": ["0", "-1", "two", "100000"],
    "SHOPSTREAM_LOG_LEVEL": ["loud"],
    "WEBSOCKET_ENABLED": ["maybe"],
    "WEBSOCKET_PING_PERIOD_SECONDS": ["0", "-5", "x", "99999999999999999999"],
    "WEBSOCKET_PONG_WAIT_SECONDS": ["0", "1.5"],
    "WEBSOCKET_WRITE_WAIT_SECONDS": ["0", "ten"],
    "WEBSOCKET_MAX_CONNECTIONS_PER_USER": ["0", "-1", "many"],
    "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": ["256", "-1", "x"],
    "WEBSOCKET_MAX_MESSAGE_BYTES": ["0", "1MB"],
    "WEBSOCKET_SEND_BUFFER_MESSAGES": ["0", "x"],
    "WEBSOCKET_ALLOWED_ORIGINS": ["example.com", "https://a.example/path"],
}


@pytest.mark.parametrize("name,value", [(name, value) for name, values in BAD_SETTINGS.items() for value in values])
def test_a_bad_setting_is_refused_by_name_and_value_with_what_is_allowed(serve, name, value):
    server = serve(ready=False, shops=1)
    server.env[name] = value
    server.launch()
    assert server.wait(15) not in (0, None)
    log = server.log()
    assert name in log
    assert value in log
    assert len(log.splitlines()) <= 3, "one clear error"


def test_all_bad_settings_are_refused_without_touching_the_store(serve):
    server = serve(ready=False, shops=1, env={"WEBSOCKET_PONG_WAIT_SECONDS": "nonsense"}).launch()
    assert server.wait(15) != 0
    assert not (server.folder / "shopstream.sqlite").exists()


def test_production_without_an_origin_list_is_refused(serve):
    server = serve(ready=False, env={"SHOPSTREAM_MODE": "production"}).launch()
    assert server.wait(15) != 0
    assert "WEBSOCKET_ALLOWED_ORIGINS" in server.log()
    listed = {"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"}
    assert serve(env=listed).is_alive()


def test_production_refuses_a_short_secret_and_does_not_show_it(serve):
    env = {"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"}
    server = serve(ready=False, env={**env, "AUTH_JWT_SECRET": "hunter2"}).launch()
    assert server.wait(15) != 0
    assert "AUTH_JWT_SECRET" in server.log() and "hunter2" not in server.log()


def test_without_any_key_the_server_does_not_start(serve):
    server = serve(ready=False)
    del server.env["AUTH_JWT_SECRET"]
    server.launch()
    assert server.wait(15) != 0
    assert "AUTH_JWT_SECRET" in server.log() and "AUTH_JWKS_FILE" in server.log()


@pytest.mark.parametrize("name,nearest", [("SHOPSTREAM_LITSEN", "SHOPSTREAM_LISTEN"), ("AUTH_JWT_SECRTE", "AUTH_JWT_SECRET"),
                                          ("WEBSOCKET_ALLOWED_ORIGIN", "WEBSOCKET_ALLOWED_ORIGINS")])  # fmt: skip
def test_an_unknown_setting_is_refused_with_the_nearest_name(serve, name, nearest):
    server = serve(ready=False, env={name: "hunter2"}).launch()
    assert server.wait(15) == 78
    lines = server.log().splitlines()
    assert len(lines) == 1 and name in lines[0] and nearest in lines[0] and "hunter2" not in lines[0]


def test_variables_of_other_programs_are_ignored(serve):
    assert serve(env={"DEMO_FOLDER": "/nowhere", "AUTH_DOMAIN": "x", "SHOPSTREAM": "x"}).is_alive()


def test_the_environment_goes_over_flags(serve):
    server = serve(ready=False)
    flagged = server.port
    server.port = free_port()
    server.env["SHOPSTREAM_LISTEN"] = f"127.0.0.1:{server.port}"
    server.start()
    assert "--listen" in server.log() and "SHOPSTREAM_LISTEN" in server.log()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", flagged), timeout=10)


def test_a_bad_members_file_is_refused_with_its_line(serve):
    server = serve(ready=False, shops=1)
    (server.folder / "members.csv").write_text("shop-a,ada,admin\nshop-a,grace,boss\n")
    server.launch()
    assert server.wait(15) != 0
    assert "2" in server.log() and "boss" in server.log()


def test_an_unknown_flag_is_refused():
    run = subprocess.run([str(find_binary()), "serve", "--nonsense"], capture_output=True, text=True, timeout=15)
    assert run.returncode != 0 and "--nonsense" in run.stderr


def test_help_names_every_flag():
    run = subprocess.run([str(find_binary()), "serve", "--help"], capture_output=True, text=True, timeout=15)
    assert run.returncode == 0
    for flag in ("--listen", "--store", "--reactors", "--members", "--log-level", "--demo"):
        assert flag in run.stdout


def test_tokens_and_secrets_appear_in_no_log(serve):
    server = serve(args=["--log-level", "trace"])
    shop = server.shops[0]
    good, bad = token(shop.member), token(shop.member, secret="another-secret-of-at-least-32-bytes!")
    with RawSocket(server) as raw:
        raw.send(f"GET /api/v1/shops/{shop.id}/messages/stream?token={good} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert raw.response()[0] == 400
    for text in (good, bad):
        for headers, query in (({"Authorization": f"Bearer {text}"}, ""), ({}, f"?token={text}")):
            with RawSocket(server) as raw:
                raw.send(
                    f"GET /api/v1/shops/{shop.id}/messages/stream{query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                    f"{''.join(f'{name}: {value}' + chr(13) + chr(10) for name, value in headers.items())}\r\n".encode()
                )
                assert raw.response()[0] == (101 if text == good else 401)
    shop.post("a message's text is nobody's business")
    server.request("GET", f"/nothing?token={good}")
    with RawSocket(server) as raw:
        raw.send(f"GET /x?token={good} HTTP/1.1\r\nAuthorization: Bearer {good}\r\nbroken\r\n\r\n".encode())
        raw.read_to_end()
    assert server.terminate() == 0
    log = server.log()
    for secret in (good, bad, good.split(".")[2], bad.split(".")[2], SECRET, "nobody's business"):
        assert secret not in log


def test_log_lines_go_to_standard_error_one_an_event(serve):
    server = serve(args=["--log-level", "info"])
    server.shops[0].post("x")
    assert server.terminate() == 0
    events = [json.loads(line) for line in server.log().splitlines()]
    for event in events:
        assert {"time", "level", "message"} <= set(event) and all(isinstance(value, str) for value in event.values())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event["time"])
        assert event["level"] in LEVELS[LEVELS.index("info") :]
    listening = [event for event in events if event["message"] == "listening"]
    assert [event["address"] for event in listening] == [f"127.0.0.1:{server.port}"]
