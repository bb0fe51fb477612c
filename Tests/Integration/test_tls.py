"""Requests and streams over TLS: what TLS adds to them. `pytest --tls` runs the other tests over it."""

import json
import signal

import pytest
import requests
from support.browser import Browser
from support.certificates import TLS
from support.deadline import wait_until
from support.demopage import live, shows
from support.images import IMAGE_BYTES_MAX, PNG, UPLOAD_PATH, fetch, file_part, form, upload
from support.rawsocket import CLOSE, PING, PONG, TEXT, RawSocket, close_frame, frame
from support.server import Server
from support.streams import open_stream, receive
from support.tlssocket import TLSClient
from support.tokens import bearer, token

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
GET_AND_CLOSE = GET[:-2] + b"Connection: close\r\n\r\n"
RECORD_BYTES_MAX = 16_384


def test_requests_and_streams_work_over_tls(secure_shop):
    server = secure_shop.server
    assert server.url().startswith("https://") and server.stream_url("x").startswith("wss://")
    with open_stream(server, secure_shop.id, secure_shop.member) as stream:
        message = secure_shop.post("over TLS")
        assert receive(stream) == message
    assert secure_shop.list() == [message]


def test_a_client_that_does_not_know_the_authority_refuses_the_server(secure_shop):
    with pytest.raises(requests.exceptions.SSLError):
        secure_shop.server.request("GET", "/healthz", verify=True)


def test_no_response_asks_for_https_forever(secure_shop):
    for path in ("/healthz", "/readyz", "/nothing", f"/api/v1/shops/{secure_shop.id}/messages"):
        answer = secure_shop.server.request("GET", path, secure_shop.member)
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("offered,selected", [
    (("http/1.1",), "http/1.1"), (("h2", "http/1.1"), "http/1.1"), (("http/1.0", "x", "http/1.1"), "http/1.1"),
    (None, None),
])  # fmt: skip
def test_the_protocol_of_the_application_is_negotiated(secure_shop, offered, selected):
    server = secure_shop.server
    with RawSocket(server, context=server.tls.new_context(alpn=offered)) as raw:
        assert raw.socket.client.tls.selected_alpn_protocol() == selected
        raw.send(GET)
        assert raw.response()[0] == 200


# Ends


def is_ended_by_close_notify(raw):
    """Whether the server's side ends, first by its alert and then by TCP, after nothing more than what was read."""
    assert raw.read_to_end() == b""
    return raw.socket.end == "close_notify" and raw.socket.is_tcp_at_end()


def test_close_notify_follows_the_last_response(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        raw.send(GET + GET_AND_CLOSE)
        assert raw.response()[0] == raw.response()[0] == 200
        assert is_ended_by_close_notify(raw)


def test_close_notify_follows_a_long_response(secure_shop):
    for _ in range(20):
        secure_shop.post("\u0001" * RECORD_BYTES_MAX)
    path = f"/api/v1/shops/{secure_shop.id}/messages"
    expected = secure_shop.server.request("GET", path, secure_shop.member).content
    assert len(expected) > 60 * RECORD_BYTES_MAX
    with RawSocket(secure_shop.server) as raw:
        raw.send(f"GET {path} HTTP/1.0\r\nAuthorization: Bearer {token(secure_shop.member)}\r\n\r\n".encode())
        status, _, body = raw.response()
        assert (status, body) == (200, expected)
        assert is_ended_by_close_notify(raw)


def test_close_notify_follows_a_refused_request(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        raw.send(b"nonsense\r\n\r\n")
        assert raw.response()[0] == 400
        raw.send_no_more()
        assert is_ended_by_close_notify(raw)


def test_close_notify_follows_the_close_of_a_stream(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        raw.opened(secure_shop.id, secure_shop.member)
        raw.send(close_frame(1000))
        assert raw.close_code() == 1000
        assert is_ended_by_close_notify(raw)


def test_close_notify_follows_a_violation(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        raw.opened(secure_shop.id, secure_shop.member)
        raw.send(frame(TEXT, b"x", masked=False))
        assert raw.close_code() == 1002
        assert is_ended_by_close_notify(raw)


def end_by_alert(raw):
    raw.send_no_more()


def end_by_tcp(raw):
    raw.socket.tcp.shutdown(1)


def end_by_both(raw):
    end_by_alert(raw)
    end_by_tcp(raw)


ENDS = pytest.mark.parametrize("end", [end_by_alert, end_by_tcp, end_by_both])


@ENDS
def test_requests_before_the_end_of_the_clients_side_are_answered(secure_shop, end):
    with RawSocket(secure_shop.server) as raw:
        raw.send(GET * 3)
        end(raw)
        assert [raw.response()[0] for _ in range(3)] == [200] * 3
        assert is_ended_by_close_notify(raw)


@ENDS
def test_an_idle_connection_ends_when_its_client_ends_it(secure_shop, end):
    with RawSocket(secure_shop.server) as raw:
        raw.send(GET)
        assert raw.response()[0] == 200
        end(raw)
        assert is_ended_by_close_notify(raw)


@ENDS
def test_a_stream_ends_when_its_client_ends_the_connection(secure_shop, end):
    server = secure_shop.server
    before = server.open_streams()
    with RawSocket(server) as raw:
        raw.opened(secure_shop.id, secure_shop.member)
        end(raw)
        raw.read_to_end()
        assert raw.socket.end == "close_notify"
        wait_until(lambda: server.open_streams() == before, what="the quota slot is released")


@ENDS
def test_a_close_frame_right_before_the_end_is_answered(secure_shop, end):
    with RawSocket(secure_shop.server) as raw:
        raw.opened(secure_shop.id, secure_shop.member)
        raw.send(close_frame(1000))
        end(raw)
        assert raw.close_code() == 1000
        assert is_ended_by_close_notify(raw)


def test_a_body_that_its_client_ends_by_close_notify_is_cut_off(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        raw.send(
            f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(secure_shop.admin)}\r\n"
            'Content-Length: 100\r\n\r\n{"shop_id":'.encode()
        )
        raw.send_no_more()
        assert raw.is_at_end()
    assert secure_shop.list() == []


def test_a_server_that_stops_ends_its_connections_by_close_notify(serve, authority):
    server = serve(tls=TLS(authority, authority.issue()))
    shop = server.shops[0]
    with RawSocket(server) as idle, RawSocket(server) as half, RawSocket(server) as stream:
        idle.begin_after_answer(b"")
        half.begin_after_answer(b"GET /healthz HTTP/1.1\r\n")
        stream.opened(shop.id, shop.member)
        server.signal(signal.SIGTERM)
        assert stream.close_code() == 1001
        stream.send(close_frame(1001))
        assert is_ended_by_close_notify(stream)
        assert is_ended_by_close_notify(idle)
        half.send(b"Host: x\r\n\r\n")
        assert half.response()[0] == 200
        assert is_ended_by_close_notify(half)
    assert server.wait() == 0


def test_peers_that_stop_in_the_handshake_delay_no_end_of_the_server(serve, authority):
    server = serve(tls=TLS(authority, authority.issue()), plain_listener=True)
    hello = TLSClient(server.tls.context).handshake()
    with RawSocket(Plain(server.port)) as silent, RawSocket(Plain(server.port)) as half:
        silent.send(b"\x16")
        half.send(hello)
        assert half.socket.recv(5)[:1] == b"\x16"
        assert server.terminate(8) == 0, "before a handshake's time is over"
        assert silent.is_at_end() and half.is_at_end()


class Plain:
    """For RawSocket: a port that is spoken to without TLS."""

    tls = None

    def __init__(self, port):
        self.port = port


# Sizes


@pytest.mark.parametrize("text", ["x" * RECORD_BYTES_MAX, "\u0001" * RECORD_BYTES_MAX], ids=["two records", "seven"])
def test_a_message_longer_than_a_record_arrives(secure_shop, text):
    with RawSocket(secure_shop.server) as stream:
        stream.opened(secure_shop.id, secure_shop.member)
        messages = [secure_shop.post(text), secure_shop.post("after it"), secure_shop.post(text)]
        assert [json.loads(stream.frame()[1]) for _ in messages] == messages
        assert secure_shop.list() == messages


@pytest.mark.parametrize("byte_count", [RECORD_BYTES_MAX - 8, RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1, 524_288])
def test_a_frame_of_the_client_longer_than_a_record_is_read(secure_shop, byte_count):
    with RawSocket(secure_shop.server) as stream:
        stream.opened(secure_shop.id, secure_shop.member)
        stream.send(frame(TEXT, b"x" * byte_count) + frame(PING, b"after it"))
        assert stream.frame() == (PONG, b"after it")


def test_the_largest_image_is_uploaded_and_fetched(secure_shop):
    content = PNG + bytes(range(256)) * ((IMAGE_BYTES_MAX - len(PNG)) // 256)
    for _ in range(3):
        assert fetch(secure_shop, upload(secure_shop, content)).content == content


def test_an_upload_of_tiny_records_is_read(secure_shop):
    """Each of them costs 22 bytes beside its one."""
    body, kind = form(file_part(PNG + bytes(2_000)))
    with RawSocket(secure_shop.server) as raw:
        raw.send(
            f"POST {UPLOAD_PATH}?shop_id={secure_shop.id} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
            f"Authorization: Bearer {token(secure_shop.member)}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        raw.socket.tcp.sendall(b"".join(raw.socket.client.encrypt(body[at : at + 1]) for at in range(len(body))))
        assert raw.response()[0] == 200


def test_many_requests_in_one_segment_are_answered_in_order(secure_shop):
    with RawSocket(secure_shop.server) as raw:
        pieces = (GET, b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n") * 20
        raw.socket.tcp.sendall(b"".join(map(raw.socket.client.encrypt, pieces)))
        assert [raw.response()[0] for _ in pieces] == [200, 404] * 20


def test_a_stream_that_stops_reading_is_closed_with_4408(serve, authority):
    limit = 32
    server = serve(tls=TLS(authority, authority.issue()), plain_listener=True, env={
        "WEBSOCKET_SEND_BUFFER_MESSAGES": str(limit), "WEBSOCKET_WRITE_WAIT_SECONDS": "60",
    })  # fmt: skip
    shop = server.shops[0]
    text = "x" * 16_000
    with RawSocket(server, seconds=60, receive_buffer_bytes=4_096) as stopped, RawSocket(server, seconds=60) as reader:
        stopped.opened(shop.id, shop.member)
        reader.opened(shop.id, shop.admin)
        posted = []
        with requests.Session() as session:
            while server.metric("websocket_disconnect_reasons", reason="slow_consumer") == 0:
                assert len(posted) < 20 * limit, "far more messages wait than may"
                answer = session.post(
                    server.url("/api/v1/shops/messages"), json={"shop_id": shop.id, "message": text},
                    headers=bearer(shop.admin), verify=server.verify, timeout=10,
                )  # fmt: skip
                posted.append(answer.json()["data"]["id"])
                assert json.loads(reader.frame()[1])["id"] == posted[-1], "the reader misses nothing"
        assert len(posted) > limit
        # What was on its way comes whole and in order; then the end, with 4408 if there was room for it.
        received = []
        while (found := stopped.frame()) and found[0] == TEXT:
            received.append(json.loads(found[1])["id"])
        assert received == posted[: len(received)] and len(received) < len(posted)
        assert found is None or found == (CLOSE, found[1]) and int.from_bytes(found[1][:2], "big") == 4408
    wait_until(lambda: server.open_streams() == 0, what="the quota slots are released")


def test_a_browser_shows_the_demo_page_over_https_and_wss(tmp_path, authority, artifacts):
    tls = TLS(authority, authority.issue())
    server = Server(tmp_path, args=["--demo"], tls=tls).start()
    browser = Browser(tmp_path / "browser", tls.certificate.public_key_hash)
    try:
        tabs = [browser.open(server.url(f"/?user={user}")) for user in ("ada", "grace")]
        for tab in tabs:
            live(tab)
            assert tab.evaluate("location.protocol") == "https:" and tab.evaluate("isSecureContext")
        server.post("demo", "ada", "Hello over TLS")
        for tab in tabs:
            shows(tab, ["Hello over TLS"])
            assert tab.evaluate("problems") == []
        tabs[0].screenshot(artifacts / "demo-tls.png")
    finally:
        browser.end()
        server.end()
        print(server.log_tail())
