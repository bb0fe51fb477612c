"""Sessions that are resumed by tickets: on every reactor, in both versions, after a reload of the certificate."""

import signal
import ssl

import pytest
from support.certificates import TLS
from support.deadline import wait_until
from support.handshakes import VERSIONS, Handshake, handshakes
from support.rawsocket import PING, PONG, RawSocket, frame
from support.server import Server
from support.tokens import token

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

by_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)


@pytest.fixture
def server(serve, tmp_path, authority):
    tls = TLS(authority, authority.issue(write=False).write(tmp_path / "server.crt", tmp_path / "server.key"))
    return serve(tls=tls, plain_listener=True, reactors=3)


def visit(server, context, session=None):
    """One request: whether the session was resumed, and the session that the next visit may resume."""
    with RawSocket(server, context=context, session=session) as raw:
        raw.send(GET)
        assert raw.response()[0] == 200
        return raw.socket.client.tls.session_reused, raw.socket.client.tls.session


@by_version
def test_a_session_is_resumed_on_every_reactor(server, version):
    context = server.tls.new_context(version)
    resumed, session = visit(server, context)
    assert not resumed and session.has_ticket
    before = handshakes(server, "resumed")
    # Whichever reactor takes each of them.
    for _ in range(30):
        resumed, session = visit(server, context, session)
        assert resumed
    wait_until(lambda: handshakes(server, "resumed") == before + 30, what="the resumptions are counted")


@by_version
def test_a_session_is_resumed_after_a_reload_of_the_certificate(server, version):
    context = server.tls.new_context(version)
    _, session = visit(server, context)
    old = server.tls.certificate
    new = server.tls.authority.issue(write=False, key="rsa").write(old.certificate_path, old.key_path)
    server.signal(signal.SIGHUP)

    def is_served():
        with RawSocket(server, context=context) as raw:
            return raw.socket.client.tls.getpeercert(binary_form=True) == new.der

    wait_until(is_served, 30, "the new certificate is served")
    assert visit(server, context, session)[0], "a ticket of before the reload"
    _, session = visit(server, context)
    assert visit(server, context, session)[0], "a ticket of after it"


@by_version
def test_a_spoilt_ticket_costs_a_full_handshake_and_no_more(server, version):
    """A ticket of another server, which has other keys."""
    other_folder = server.folder / "other"
    other_folder.mkdir()
    other = Server(other_folder, tls=server.tls).start()
    context = server.tls.new_context(version)
    try:
        _, session = visit(other, context)
    finally:
        other.end()
    resumed, session = visit(server, context, session)
    assert not resumed
    assert visit(server, context, session)[0]


def test_a_ticket_of_one_version_is_not_resumed_in_the_other(server):
    context = server.tls.new_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    _, session = visit(server, context)
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    assert visit(server, context, session) is not None
    server.must_serve()


@by_version
def test_an_upgrade_in_the_segment_of_a_resumed_handshake_is_handled(server, version):
    """In TLS 1.2 it is the resumed handshake that the client's Finished ends."""
    shop = server.shops[0]
    context = server.tls.new_context(version)
    _, session = visit(server, context)
    with Handshake(server, version, context=context, session=session) as handshake:
        finished = handshake.flight(1)
        assert handshake.client.is_open and handshake.client.tls.session_reused
        upgrade = (
            f"GET /api/v1/shops/{shop.id}/messages/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Authorization: Bearer {token(shop.member)}\r\n\r\n"
        ).encode()
        handshake.send(finished + handshake.client.encrypt(GET) + handshake.client.encrypt(upgrade + frame(PING, b"x")))
        raw = handshake.raw()
        assert raw.response()[0] == 200
        assert raw.response()[0] == 101
        assert raw.frame() == (PONG, b"x")
