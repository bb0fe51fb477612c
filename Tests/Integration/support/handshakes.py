"""Handshakes by hand: a TCP connection to a server with TLS, and a client whose flights a test sends as it likes."""

import socket
import ssl
import struct

from .rawsocket import RawSocket
from .tlssocket import TLSClient, TLSSocket, records

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
# The client's flights: its hello, and its key and Finished, after which the server has what it needs.
FLIGHT_COUNT = 2


class Handshake:
    """One connection; `version` is the only version that the client speaks."""

    def __init__(self, server, version, seconds=10, session=None, context=None):
        self.tcp = socket.create_connection(("127.0.0.1", server.port), timeout=seconds)
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client = TLSClient(context or server.tls.new_context(version), session=session)
        self.server, self.received = server, b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tcp.close()

    def flight(self, number):
        """The client's flight `number`, which is not sent; those before it are."""
        flight = self.client.handshake()
        for _ in range(number):
            self.send(flight)
            flight = self.receive_flight()
        return flight

    def receive_flight(self):
        """Receives until the client has something to send."""
        while True:
            received = self.tcp.recv(65536)
            assert received, "the server ended the connection"
            flight = self.client.handshake(received)
            if flight or self.client.is_open:
                return flight

    def send(self, data):
        """Sends; that the server has hung up meanwhile is no error here."""
        try:
            self.tcp.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def raw(self):
        """The connection for requests, once the handshake is over."""
        assert self.client.is_open
        return RawSocket.of(self.server, TLSSocket(self.tcp, self.client))

    def send_each_byte(self, data):
        for index in range(len(data)):
            self.tcp.sendall(data[index : index + 1])

    def reset(self):
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.tcp.close()

    def end(self):
        try:
            self.tcp.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def ended(self):
        """Waits for the end of the server's side. What it sent till then must be TLS: no response in plain text."""
        try:
            while received := self.tcp.recv(65536):
                self.received += received
        except ConnectionResetError:
            pass
        for record in records(self.received):
            assert 20 <= record[0] <= 23, self.received
        return True

    def is_open(self):
        """Whether the server has not ended its side yet; does not wait."""
        self.tcp.setblocking(False)
        try:
            return self.tcp.recv(65536) != b""
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.tcp.settimeout(10)


def cuts(flight):
    """Where a flight is cut: in each record's head, after it, in the middle and before the end, and between records."""
    found, start = set(), 0
    for record in records(flight):
        length = len(record)
        found |= {start + at for at in (0, 1, 3, 5, 6, 9, length // 2, length - 1) if at < length}
        start += length
    return sorted(found)


def all_cuts(server, version):
    """All (number of the flight, count of its bytes) of a handshake; a flight's length differs by a byte or two."""
    for number in range(FLIGHT_COUNT):
        with Handshake(server, version) as handshake:
            found = cuts(handshake.flight(number))
        for count in found:
            yield number, count


def handshakes(server, result):
    return server.metric("shopstream_tls_handshakes_total", result=result)


def in_progress(server):
    return server.metric("shopstream_tls_handshakes_in_progress")


def served(server, name=None):
    """The certificate, as DER, that a client gets who asks for `name`; without a name it sends no SNI."""
    context = server.tls.new_context()
    context.check_hostname = False  # which certificate comes is what is asked
    tcp = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection = TLSSocket(tcp, TLSClient(context, name or "127.0.0.1")).handshake()
    try:
        return connection.client.tls.getpeercert(binary_form=True)
    finally:
        connection.close()
