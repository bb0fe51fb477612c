"""Peers that stall, vanish or send nonsense at every step of the handshake: they harm no other client."""

import resource
import ssl
import struct

import pytest
from support.certificates import TLS
from support.deadline import wait_until
from support.handshakes import (
    FLIGHT_COUNT, VERSIONS, Handshake, all_cuts, handshakes, in_progress,
)  # fmt: skip
from support.rawsocket import PING, PONG, TEXT, RawSocket, frame
from support.seeds import seeded
from support.tlssocket import HANDSHAKE, TLSClient, records
from support.tokens import token

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HANDSHAKE_BYTES_MAX = 32 * 1024
HANDSHAKES_IN_PROGRESS_MAX = 1_024  # of a reactor
# More than the longest record: whatever its first bytes announce, the record is whole.
GARBAGE_BYTES = 20_000

by_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)


@pytest.fixture
def secure_shop(secure_shop):
    """The same, and afterwards no handshake is in progress."""
    yield secure_shop
    wait_until(lambda: in_progress(secure_shop.server) == 0, 20, "no handshake is in progress any more")


@by_version
def test_a_handshake_whose_bytes_come_one_by_one_succeeds(secure_shop, version):
    with Handshake(secure_shop.server, version) as handshake:
        handshake.send_each_byte(handshake.client.handshake())
        while not handshake.client.is_open:
            handshake.send_each_byte(handshake.receive_flight())
        handshake.send_each_byte(handshake.client.encrypt(GET))
        assert handshake.raw().response()[0] == 200


@by_version
@pytest.mark.parametrize("fragment_bytes", [1, 7, 100])
def test_a_hello_in_many_records_is_understood(secure_shop, version, fragment_bytes):
    with Handshake(secure_shop.server, version) as handshake:
        (hello,) = records(handshake.flight(0))
        head, message = hello[:3], hello[5:]
        pieces = [message[at : at + fragment_bytes] for at in range(0, len(message), fragment_bytes)]
        handshake.send(b"".join(head + struct.pack("!H", len(piece)) + piece for piece in pieces))
        while not handshake.client.is_open:
            handshake.send(handshake.receive_flight())
        handshake.send(handshake.client.encrypt(GET))
        assert handshake.raw().response()[0] == 200


def upgrade_request(shop):
    return (
        f"GET /api/v1/shops/{shop.id}/messages/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Authorization: Bearer {token(shop.member)}\r\n\r\n"
    ).encode()


def test_requests_in_the_segment_of_the_finished_message_are_answered(secure_shop):
    with Handshake(secure_shop.server, ssl.TLSVersion.TLSv1_3) as handshake:
        finished = handshake.flight(1)
        assert handshake.client.is_open
        handshake.send(finished + handshake.client.encrypt(GET * 2) + handshake.client.encrypt(GET))
        raw = handshake.raw()
        assert [raw.response()[0] for _ in range(3)] == [200] * 3


def test_an_upgrade_and_frames_in_the_segment_of_the_finished_message_are_handled(secure_shop):
    with Handshake(secure_shop.server, ssl.TLSVersion.TLSv1_3) as handshake:
        finished = handshake.flight(1)
        early = upgrade_request(secure_shop) + frame(PING, b"early")
        handshake.send(finished + handshake.client.encrypt(early) + handshake.client.encrypt(frame(PING, b"bird")))
        raw = handshake.raw()
        assert raw.response()[0] == 101
        assert [raw.frame() for _ in range(2)] == [(PONG, b"early"), (PONG, b"bird")]
        message = secure_shop.post("and the stream is open")
        opcode, payload = raw.frame()
        assert opcode == TEXT and message["id"].encode() in payload


def test_an_end_in_the_segment_of_the_finished_message_comes_after_the_response(secure_shop):
    with Handshake(secure_shop.server, ssl.TLSVersion.TLSv1_3) as handshake:
        finished = handshake.flight(1)
        handshake.send(finished + handshake.client.encrypt(GET) + handshake.client.close_notify())
        handshake.end()
        raw = handshake.raw()
        assert raw.response()[0] == 200
        assert raw.read_to_end() == b"" and raw.socket.end == "close_notify"


# Faults at each step


def vanish(handshake, beginning, source):
    handshake.send(beginning)
    handshake.reset()


def end(handshake, beginning, source):
    handshake.send(beginning)
    handshake.end()
    assert handshake.ended()


def end_after_garbage(handshake, beginning, source):
    handshake.send(beginning + source.randbytes(GARBAGE_BYTES))
    assert handshake.ended()


@by_version
@pytest.mark.parametrize("fault", [vanish, end, end_after_garbage])
def test_a_peer_that_breaks_off_within_the_handshake_harms_no_other_client(secure_shop, version, fault):
    server, source = secure_shop.server, seeded()
    before = handshakes(server, "failed")
    with RawSocket(server) as bystander:
        bystander.opened(secure_shop.id, secure_shop.admin)
        places = list(all_cuts(server, version))
        for number, count in places:
            with Handshake(server, version) as handshake:
                fault(handshake, handshake.flight(number)[:count], source)
        message = secure_shop.post("undisturbed")
        assert message["id"].encode() in bystander.frame()[1]
    if fault is end_after_garbage:
        wait_until(lambda: handshakes(server, "failed") >= before + len(places), what="the failures are counted")


@by_version
def test_a_flight_with_a_wrong_byte_harms_no_other_client(secure_shop, version):
    server = secure_shop.server
    for number, count in all_cuts(server, version):
        with Handshake(server, version) as handshake:
            flight = bytearray(handshake.flight(number))
            flight[count] ^= 0x55
            handshake.send(bytes(flight))
            handshake.end()
            assert handshake.ended()
    assert secure_shop.post("undisturbed")


@by_version
@pytest.mark.parametrize("number", range(FLIGHT_COUNT))
def test_bytes_after_a_whole_flight_that_are_none_of_tls_end_the_connection(secure_shop, version, number):
    with Handshake(secure_shop.server, version) as handshake:
        handshake.send(handshake.flight(number) + GET * 1_000)
        assert handshake.ended()


@by_version
def test_a_flight_that_is_sent_twice_ends_the_connection(secure_shop, version):
    for number in range(FLIGHT_COUNT):
        with Handshake(secure_shop.server, version) as handshake:
            flight = handshake.flight(number)
            handshake.send(flight + flight)
            handshake.end()
            assert handshake.ended()


@by_version
def test_the_flights_of_the_server_sent_back_to_it_end_the_connection(secure_shop, version):
    with Handshake(secure_shop.server, version) as handshake:
        handshake.send(handshake.client.handshake())
        handshake.send(handshake.tcp.recv(65536))
        handshake.end()
        assert handshake.ended()


def test_plain_http_gets_no_response(secure_shop):
    before = handshakes(secure_shop.server, "failed")
    upload = b"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000)
    for request in (GET, upgrade_request(secure_shop), upload, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 50):
        with Handshake(secure_shop.server, None) as handshake:
            handshake.send(request)
            assert handshake.ended(), "the bytes that came were no TLS"
    wait_until(lambda: handshakes(secure_shop.server, "failed") >= before + 5, what="the failures are counted")


def test_other_protocols_get_no_response(secure_shop):
    sslv2_hello = bytes([0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]) + bytes(0x25)
    for beginning in (sslv2_hello, b"SSH-2.0-OpenSSH_9.9\r\n", b"\0" * 64, b"\xff" * 64, b"\x15\x03\x03\0\2\2\x28"):
        with Handshake(secure_shop.server, None) as handshake:
            handshake.send(beginning)
            handshake.end()
            assert handshake.ended()


def test_random_bytes_do_no_harm(secure_shop):
    source = seeded()
    for _ in range(100):
        with Handshake(secure_shop.server, None) as handshake:
            handshake.send(source.choice([b"", b"\x16\x03\x01", b"\x16\x03\x03\x02\0\x01"]) + source.randbytes(4_000))
            handshake.end()
            assert handshake.ended()


# Limits


@pytest.mark.timeout(120)
def test_handshakes_that_stall_are_ended(secure_shop):
    """Every place where one can stall, all at the same time; other clients are served meanwhile."""
    server = secure_shop.server
    before = handshakes(server, "timeout")
    stalled = []
    try:
        for version in VERSIONS.values():
            for number, count in list(all_cuts(server, version)):
                handshake = Handshake(server, version, seconds=60)
                stalled.append(handshake)
                handshake.send(handshake.flight(number)[:count])
        assert secure_shop.post("not held up") and in_progress(server) >= 1
        assert all(handshake.ended() for handshake in stalled)
        wait_until(lambda: handshakes(server, "timeout") == before + len(stalled), what="the timeouts are counted")
    finally:
        for handshake in stalled:
            handshake.tcp.close()


@pytest.mark.timeout(120)
def test_a_handshake_that_trickles_is_ended_as_one_that_stalls(secure_shop):
    """Bytes that keep coming extend the time of no handshake."""
    server = secure_shop.server
    before = handshakes(server, "timeout")
    with Handshake(server, ssl.TLSVersion.TLSv1_3, seconds=0.2) as handshake:
        flight = handshake.flight(0)
        # A byte for each round, the last byte never: at most 100 s.
        for byte in flight[:-1]:
            handshake.send(bytes([byte]))
            try:
                if handshake.tcp.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        else:
            raise AssertionError("the hello is shorter than the time of a handshake")
    wait_until(lambda: handshakes(server, "timeout") == before + 1, what="the timeout is counted")


@pytest.mark.timeout(120)
@by_version
def test_a_connection_that_sends_nothing_after_its_handshake_is_ended(secure_shop, version):
    server = secure_shop.server
    with RawSocket(server, seconds=60, context=server.tls.new_context(version)) as raw:
        # The server's time for the first request begins with the end of the handshake.
        raw.read_to_end()
        assert raw.socket.end == "close_notify"


@pytest.mark.timeout(120)
def test_a_first_request_that_does_not_arrive_is_408_and_the_end(secure_shop):
    with RawSocket(secure_shop.server, seconds=60) as raw:
        raw.send(GET[:-2])
        assert raw.response()[0] == 408
        raw.send_no_more()
        assert raw.read_to_end() == b"" and raw.socket.end == "close_notify"


def endless_hello(byte_count, record_bytes):
    """The beginning of a hello of 128 KiB, in records of this length: `byte_count` bytes of it in all."""
    message = b"\x01\x01\xff\xff\x03\x03" + bytes(byte_count)
    made = b""
    for at in range(0, len(message), record_bytes):
        piece = message[at : at + record_bytes]
        made += struct.pack("!BHH", HANDSHAKE, 0x0301, len(piece)) + piece
    return made[:byte_count]


@pytest.mark.parametrize("record_bytes", [16_384, 1_000, 10])
def test_a_handshake_of_more_than_32_kib_is_ended(secure_shop, record_bytes):
    server = secure_shop.server
    before = handshakes(server, "failed")
    with Handshake(server, None, seconds=60) as handshake:
        handshake.send(endless_hello(HANDSHAKE_BYTES_MAX + 16_384, record_bytes))
        assert handshake.ended()
    wait_until(lambda: handshakes(server, "failed") == before + 1, what="the failure is counted, not a timeout")


def test_floods_of_records_that_move_no_handshake_are_ended(secure_shop):
    server = secure_shop.server
    hello = TLSClient(server.tls.context).handshake()
    before = handshakes(server, "failed")
    floods = [
        b"\x15\x03\x03\0\2\1\x5a",  # a warning
        b"\x14\x03\x03\0\1\1",  # a change of the cipher
        b"\x16\x03\x03\0\0",  # an empty record
        b"\x17\x03\x03\0\0",
    ]  # fmt: skip
    for record in floods:
        for beginning in (b"", hello):
            with Handshake(server, None, seconds=60) as handshake:
                handshake.send(beginning + record * (2 * HANDSHAKE_BYTES_MAX // len(record)))
                assert handshake.ended()
    wait_until(lambda: handshakes(server, "failed") == before + 2 * len(floods), what="the failures are counted")


@pytest.fixture
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.timeout(120)
def test_the_oldest_handshake_ends_when_one_more_begins_than_may(serve, authority, many_descriptors):
    server = serve(tls=TLS(authority, authority.issue()), plain_listener=True, reactors=1)
    wait_until(lambda: in_progress(server) == 0, what="the handshakes of the start are over")
    shop, context = server.shops[0], server.tls.new_context()
    started = []
    with RawSocket(server) as stream:
        stream.opened(shop.id, shop.member)
        try:
            for evicted in range(3):
                while len(started) < HANDSHAKES_IN_PROGRESS_MAX + evicted:
                    started.append(Handshake(server, None, context=context))
                    started[-1].send(b"\x16\x03\x01")
                wait_until(lambda: in_progress(server) == HANDSHAKES_IN_PROGRESS_MAX, what="the limit is reached")
                assert handshakes(server, "evicted") == evicted
                server.must_serve()  # by a handshake of its own
                assert started[evicted].ended()
                wait_until(lambda: handshakes(server, "evicted") == evicted + 1, what="the eviction is counted")
                assert started[evicted + 1].is_open() and started[-1].is_open()
            message = shop.post("the stream stays, however old it is")
            assert message["id"].encode() in stream.frame()[1]
        finally:
            for handshake in started:
                handshake.tcp.close()
    wait_until(lambda: in_progress(server) == 0, what="no handshake is in progress any more")
    server.must_serve()


def test_handshakes_are_counted(secure_shop):
    server = secure_shop.server
    before = {result: handshakes(server, result) for result in ("full", "resumed", "failed", "timeout", "evicted")}
    for _ in range(3):
        with RawSocket(server) as raw:
            raw.send(GET)
            assert raw.response()[0] == 200
    wait_until(lambda: handshakes(server, "full") == before["full"] + 3, what="the handshakes are counted")
    assert requests_on_the_plain_listener_count_nothing(server)
    for result in ("resumed", "failed", "timeout", "evicted"):
        assert handshakes(server, result) == before[result], result


def requests_on_the_plain_listener_count_nothing(server):
    before = server.metric("shopstream_tls_handshakes_total")
    server.metrics()
    return server.metric("shopstream_tls_handshakes_total") == before
