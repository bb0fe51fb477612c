"""Records of an established connection that no library would send: key updates without end, empty, spoilt, too long."""

import ssl

import pytest
from support.deadline import wait_until
from support.rawsocket import PING, PONG, TEXT, RawSocket, frame
from support.tlsrecords import TAG_BYTES, open_by_hand
from support.tlssocket import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, TLSClient

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
RECORD_BYTES_MAX = 16_384
KEY_UPDATES_MAX = 32  # without data between


@pytest.fixture
def by_hand(secure_shop, tmp_path):
    """A connection of TLS 1.3 and the writer of its records."""
    raw, writer = open_by_hand(secure_shop.server, tmp_path)
    with raw:
        yield raw, writer


def write(raw, *pieces):
    try:
        raw.socket.tcp.sendall(b"".join(pieces))
    except (BrokenPipeError, ConnectionResetError):
        pass


def alert_of(raw):
    """Waits for the end of the connection: the alert before it, None when it was none but the end's."""
    try:
        raw.read_to_end()
    except ssl.SSLError as failure:
        return failure.reason
    return None


@pytest.mark.parametrize("asks", [False, True])
def test_keys_are_updated_between_requests_and_within_them(by_hand, asks):
    raw, writer = by_hand
    for count in range(3 * KEY_UPDATES_MAX):
        # Some in one segment with what follows, some between the parts of a request.
        write(raw, writer.key_update(asks), writer.record(GET[:10]), writer.key_update(asks), writer.record(GET[10:]))
        assert raw.response()[0] == 200, count


@pytest.mark.parametrize("asks", [False, True])
def test_keys_are_updated_on_a_stream(by_hand, secure_shop, asks):
    raw, writer = by_hand
    raw.send = lambda data: write(raw, writer.record(data))
    raw.opened(secure_shop.id, secure_shop.member)
    for number in range(5):
        write(raw, writer.key_update(asks))
        message = secure_shop.post(f"{number}")
        opcode, payload = raw.frame()
        assert opcode == TEXT and message["id"].encode() in payload
        raw.send(frame(PING, b"x"))
        assert raw.frame() == (PONG, b"x")


@pytest.mark.parametrize("asks", [False, True])
def test_a_flood_of_key_updates_ends_the_connection(by_hand, secure_shop, asks):
    raw, writer = by_hand
    write(raw, writer.record(GET))
    assert raw.response()[0] == 200
    write(raw, *(writer.key_update(asks) for _ in range(100 * KEY_UPDATES_MAX)))
    alert_of(raw)
    assert raw.socket.end is not None or raw.socket.is_tcp_at_end()


def test_a_flood_of_key_updates_ends_a_stream_and_releases_its_quota_slot(by_hand, secure_shop):
    raw, writer = by_hand
    before = secure_shop.server.open_streams()
    raw.send = lambda data: write(raw, writer.record(data))
    raw.opened(secure_shop.id, secure_shop.member)
    write(raw, *(writer.key_update(True) for _ in range(100 * KEY_UPDATES_MAX)))
    alert_of(raw)
    wait_until(lambda: secure_shop.server.open_streams() == before, what="the quota slot is released")


def test_padded_and_empty_records_are_read(by_hand):
    raw, writer = by_hand
    write(raw, writer.record(GET[:20], padding=RECORD_BYTES_MAX - 20), *(writer.record(b"") for _ in range(10)))
    write(raw, writer.record(b"", padding=1_000), writer.record(GET[20:], padding=1))
    assert raw.response()[0] == 200


def test_a_flood_of_empty_records_keeps_no_connection_open_for_ever(secure_shop, tmp_path):
    """They are no bytes of a request: its time goes on. Or the connection is ended before."""
    raw, writer = open_by_hand(secure_shop.server, tmp_path, seconds=0.05)
    with raw:
        for _ in range(2_000):
            write(raw, *(writer.record(b"") for _ in range(20)))
            try:
                if raw.socket.tcp.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
        else:
            raise AssertionError("the connection is still open")


def spoilt(raw, writer):
    record = bytearray(writer.record(GET))
    record[-1] ^= 1
    return bytes(record)


def with_the_next_number(raw, writer):
    writer.sequence_number += 1
    return writer.record(GET)


# What is sent after the handshake, and the alert that ends the connection.
BAD_RECORDS = {
    "a spoilt tag": (spoilt, "SSLV3_ALERT_BAD_RECORD_MAC"),
    "a record that is missing": (with_the_next_number, "SSLV3_ALERT_BAD_RECORD_MAC"),
    "a record twice": (lambda raw, writer: 2 * writer.record(b"GET "), "SSLV3_ALERT_BAD_RECORD_MAC"),
    "plain text": (lambda raw, writer: GET * 100, None),
    "a record in plain text": (lambda raw, writer: b"\x17\x03\x03\0\x20" + GET[:32], None),
    "a hello in plain text": (lambda raw, writer: TLSClient(raw.server.tls.context).handshake(), None),
    "a record over the limit": (lambda raw, writer: writer.record(bytes(RECORD_BYTES_MAX + 1)), None),
    "a record far over the limit": (lambda raw, writer: writer.record(bytes(60_000)), None),
    "a record without a type": (lambda raw, writer: writer.record(bytes(50), kind=None), None),
    "a record of no more than its tag": (
        lambda raw, writer: b"\x17\x03\x03\0" + bytes([TAG_BYTES]) + bytes(TAG_BYTES), None,
    ),
    "an unknown type": (lambda raw, writer: writer.record(GET, kind=99), None),
    "a hello": (lambda raw, writer: writer.record(TLSClient(raw.server.tls.context).handshake()[5:], HANDSHAKE), None),
    "an unknown message": (lambda raw, writer: writer.record(b"\x63\0\0\1x", HANDSHAKE), None),
    "an endless message": (lambda raw, writer: writer.record(b"\x18\xff\xff\xff" + bytes(9_000), HANDSHAKE), None),
    "a key update of two bytes": (lambda raw, writer: writer.record(b"\x18\0\0\2\0\0", HANDSHAKE), None),
    "a key update of another kind": (lambda raw, writer: writer.record(b"\x18\0\0\1\7", HANDSHAKE), None),
    "an empty message": (lambda raw, writer: writer.record(b"", HANDSHAKE), None),
    "a change of the cipher": (lambda raw, writer: writer.record(b"\1", CHANGE_CIPHER_SPEC), None),
    "a fatal alert": (lambda raw, writer: writer.record(b"\2\x28", ALERT), None),
    "an alert of one byte": (lambda raw, writer: writer.record(b"\2", ALERT), None),
    "an alert and more": (lambda raw, writer: writer.record(b"\1\0\1\0", ALERT), None),
}  # fmt: skip


@pytest.mark.parametrize("is_stream", [False, True], ids=["of a request", "of a stream"])
@pytest.mark.parametrize("kind", BAD_RECORDS)
def test_a_bad_record_ends_the_connection_and_harms_no_other(by_hand, secure_shop, kind, is_stream):
    raw, writer = by_hand
    make, alert = BAD_RECORDS[kind]
    before = secure_shop.server.open_streams()
    with RawSocket(secure_shop.server) as bystander:
        bystander.opened(secure_shop.id, secure_shop.admin)
        if is_stream:
            raw.send = lambda data: write(raw, writer.record(data))
            raw.opened(secure_shop.id, secure_shop.member)
        write(raw, make(raw, writer))
        found = alert_of(raw)
        assert alert in (None, found)
        message = secure_shop.post("undisturbed")
        assert message["id"].encode() in bystander.frame()[1]
    wait_until(lambda: secure_shop.server.open_streams() == before, what="the quota slots are released")


def test_the_length_of_a_record_is_checked_before_its_bytes_come(secure_shop):
    """A head that announces 64 KiB: the server waits for none of them."""
    with RawSocket(secure_shop.server, seconds=60) as raw:
        raw.socket.tcp.sendall(b"\x17\x03\x03\xff\xff")
        assert alert_of(raw) in ("TLSV1_ALERT_RECORD_OVERFLOW", None)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_every_byte_of_a_record_may_come_alone(secure_shop, version):
    context = secure_shop.server.tls.new_context(version)
    with RawSocket(secure_shop.server, context=context) as raw:
        for _ in range(2):
            data = raw.socket.client.encrypt(GET)
            for at in range(len(data)):
                raw.socket.tcp.sendall(data[at : at + 1])
            assert raw.response()[0] == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_end_within_a_record_is_the_end(secure_shop, version):
    context = secure_shop.server.tls.new_context(version)
    with RawSocket(secure_shop.server, context=context) as raw:
        data = raw.socket.client.encrypt(GET)
        for count in (1, 5, 6, len(data) // 2, len(data) - 1):
            with RawSocket(secure_shop.server, context=context) as other:
                piece = other.socket.client.encrypt(GET)[:count]
                other.socket.tcp.sendall(piece)
                other.socket.tcp.shutdown(1)
                assert b"HTTP/1.1 200" not in other.read_to_end(), "the record never came whole"
        raw.socket.tcp.sendall(data)
        assert raw.response()[0] == 200


def test_data_after_close_notify_is_not_read(by_hand, secure_shop):
    raw, writer = by_hand
    body = b'{"shop_id":"%s","message":"too late"}' % secure_shop.id.encode()
    ended = writer.record(GET) + writer.record(b"\1\0", ALERT)
    write(raw, ended, writer.record(GET, APPLICATION_DATA), writer.record(body))
    assert raw.response()[0] == 200
    assert raw.read_to_end() == b""
