"""HTTP and WebSocket by hand, for what no client library would send."""

import base64
import os
import re
import socket
import struct

from .tlssocket import TLSClient, TLSSocket
from .tokens import token

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0, length=None):
    """A frame as a client sends it; `length` = (form, value) writes another length than the payload's."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    form, value = length or (None, len(payload))
    if form is None:
        form = 7 if value < 126 else 16 if value < 65536 else 64
    if form == 7:
        head += bytes([mask_bit | value])
    elif form == 16:
        head += bytes([mask_bit | 126]) + struct.pack("!H", value)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", value)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


def close_frame(code=None, reason=b"", **options):
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason, **options)


class RawSocket:
    """A connection to the server, by TLS when it has TLS, with deadlines on everything; `context`, `name` and `session`
    are those of its TLS."""

    def __init__(self, server, seconds=10, receive_buffer_bytes=None, context=None, name="127.0.0.1", session=None):
        self.socket = socket.socket()
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(seconds)
        self.socket.connect(("127.0.0.1", server.port))
        self.server = server
        self.pending = b""
        if tls := getattr(server, "tls", None):
            try:
                self.socket = TLSSocket(self.socket, TLSClient(context or tls.context, name, session)).handshake()
            except BaseException:
                self.socket.close()
                raise

    @classmethod
    def of(cls, server, connection):
        """The same on a connection that is open, such as one whose handshake the test made by hand."""
        raw = cls.__new__(cls)
        raw.server, raw.socket, raw.pending = server, connection, b""
        return raw

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends all of `data`; that the server has hung up meanwhile is no error here."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_no_more(self):
        """Ends the client's side of the connection; that the server has hung up meanwhile is no error here."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.pending += data
        return data != b""

    def read(self, count):
        """Exactly `count` bytes; None when the connection ends before."""
        while len(self.pending) < count:
            if not self._more():
                return None
        data, self.pending = self.pending[:count], self.pending[count:]
        return data

    def read_to_end(self):
        while self._more():
            pass
        data, self.pending = self.pending, b""
        return data

    def begin_after_answer(self, beginning):
        """Sends a request with the beginning of the next one, and reads the answer: the server has then read both."""
        self.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + beginning)
        assert self.response()[0] == 200

    def response(self, has_body=True):
        """The next HTTP response as (status, headers in lower case, body); None when the connection ends instead."""
        while b"\r\n\r\n" not in self.pending:
            if not self._more():
                return None
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        match = re.match(r"HTTP/1\.1 (\d{3})(?: |$)", lines[0])
        assert match, f"no status line: {lines[0]!r}"
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(match.group(1))
        if not has_body or status in (101, 204, 304):
            return status, headers, b""
        length = headers.get("content-length")
        body = self.read_to_end() if length is None else self.read(int(length))
        return status, headers, body

    def upgrade(self, shop, user, headers=(), drop=(), behind=b"", method="GET", version="1.1"):
        """Sends an upgrade request, with `behind` right after it in the same segment, and returns the response."""
        fields = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **({"Authorization": f"Bearer {token(user)}"} if user else {}),
            **dict(headers),
        }
        lines = [f"{method} /api/v1/shops/{shop}/messages/stream HTTP/{version}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if name not in drop]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + behind)
        return self.response()

    def opened(self, shop, user, **options):
        """The same, and the stream must open."""
        answer = self.upgrade(shop, user, **options)
        assert answer and answer[0] == 101, f"not opened: {answer}"
        return self

    def frame(self):
        """The next frame as (opcode, payload); None when the connection ends before it is whole."""
        head = self.read(2)
        if head is None:
            return None
        assert head[0] & 0x70 == 0, "a reserved bit is set"
        assert head[1] & 0x80 == 0, "a server's frame is never masked"
        length = head[1] & 0x7F
        if length > 125:
            extended = self.read(2 if length == 126 else 8)
            if extended is None:
                return None
            length = int.from_bytes(extended, "big")
        payload = self.read(length)
        return None if payload is None else (head[0] & 0x0F, payload)

    def close_code(self):
        """Reads frames up to the close frame: its code, 1005 when it is empty, 1006 when the connection just ends."""
        while True:
            found = self.frame()
            if found is None:
                return 1006
            opcode, payload = found
            if opcode == CLOSE:
                return struct.unpack("!H", payload[:2])[0] if payload else 1005

    def is_at_end(self, sends_more=True):
        """Whether the server has ended the connection: waits for it, discarding what comes. A server that refused a body
        waits some seconds for the rest of it, unless the client says that it sends no more."""
        if not sends_more:
            self.send_no_more()
        self.read_to_end()
        return True
