"""TLS in the test's hands: a client without a socket, whose bytes a test may cut, and a socket made of it."""

import socket
import ssl
import threading

HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 21, 20, 23


def records(data):
    """The TLS records that `data` consists of, each with its head."""
    found = []
    while data:
        length = 5 + int.from_bytes(data[3:5], "big")
        found.append(data[:length])
        data = data[length:]
    return found


class TLSClient:
    """A client side of TLS without a socket: bytes in, bytes out. Used by one thread at a time."""

    def __init__(self, context, name="127.0.0.1", session=None):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name, session=session)
        self.is_open = False
        self.has_peer_closed = False  # by close_notify

    def handshake(self, received=b""):
        """Goes on with the handshake: returns the next flight; `is_open` says whether it is complete with that."""
        self.incoming.write(received)
        try:
            self.tls.do_handshake()
            self.is_open = True
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def encrypt(self, data):
        self.tls.write(data)
        return self.outgoing.read()

    def decrypt(self, received=b""):
        """What the peer wrote, as far as it is whole."""
        self.incoming.write(received)
        data = b""
        try:
            while piece := self.tls.read(65536):
                data += piece
            self.has_peer_closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.has_peer_closed = True
        return data

    def close_notify(self):
        """The alert that ends this side; the peer's may still come. All that was received must have been decrypted."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


class TLSSocket:
    """A socket's methods over TLS. A connection that ends during the handshake is one that has ended, as a refused one
    without TLS; an alert or a certificate that does not verify is an `ssl.SSLError`.

    `end` says how the peer ended the connection: "close_notify", "end" (of TCP alone), "reset", or None.
    """

    def __init__(self, tcp, client):
        self.tcp, self.client = tcp, client
        self.decrypted = b""
        self.end = None
        # One thread may send while another receives.
        self.lock, self.sending = threading.Lock(), threading.Lock()

    def handshake(self):
        try:
            self.tcp.sendall(self.client.handshake())
            while not self.client.is_open:
                received = self.tcp.recv(65536)
                if not received:
                    self.end = "end"
                    break
                try:
                    flight = self.client.handshake(received)
                except ssl.SSLError:
                    # The alert that names the reason.
                    self.tcp.sendall(self.client.outgoing.read())
                    raise
                self.tcp.sendall(flight)
        except (BrokenPipeError, ConnectionResetError):
            self.end = "reset"
        return self

    def sendall(self, data):
        if not self.client.is_open:
            raise BrokenPipeError("the connection ended during the handshake")
        view = memoryview(data)
        while view:
            with self.sending:
                with self.lock:
                    encrypted = self.client.encrypt(view[:262_144])
                self.tcp.sendall(encrypted)
            view = view[262_144:]

    def recv(self, count):
        """Up to `count` bytes; none at the end of the peer's side."""
        while not self.decrypted and self.end is None:
            try:
                received = self.tcp.recv(max(count, 4_096))
            except ConnectionResetError:
                self.end = "reset"
                raise
            if not received:
                self.end = "end"
                break
            with self.lock:
                self.decrypted += self.client.decrypt(received)
                if self.client.has_peer_closed:
                    self.end = "close_notify"
        data, self.decrypted = self.decrypted[:count], self.decrypted[count:]
        return data

    def shutdown(self, how):
        """Ends this side by close_notify alone: TCP stays open, so that it is the alert that counts. Both sides are
        ended by TCP alone."""
        if how != socket.SHUT_WR:
            return self.tcp.shutdown(how)
        with self.sending:
            with self.lock:
                alert = self.client.close_notify()
            self.tcp.sendall(alert)

    def is_tcp_at_end(self):
        """Whether the peer ends TCP too: waits for it, discarding what comes."""
        try:
            while self.tcp.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        """Ends TCP without a close_notify, as a client does that is killed."""
        self.tcp.close()

    def __getattr__(self, name):
        return getattr(self.tcp, name)  # names, timeouts, options, the descriptor
