"""Records of TLS 1.3 by hand, for what no library would send: key updates at will, records that are empty, too long,
padded or of another type. The handshake is a library's, whose key log gives the client's secret."""

import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from .rawsocket import RawSocket
from .tlssocket import APPLICATION_DATA, HANDSHAKE

# What each suite is made of: the hash, the bytes of its key, the cipher.
SUITES = {
    "TLS_AES_128_GCM_SHA256": (hashes.SHA256, 16, AESGCM),
    "TLS_AES_256_GCM_SHA384": (hashes.SHA384, 32, AESGCM),
    "TLS_CHACHA20_POLY1305_SHA256": (hashes.SHA256, 32, ChaCha20Poly1305),
}
TAG_BYTES = 16


class RecordWriter:
    """The client's side of the record layer after the handshake (RFC 8446, sections 5 and 7)."""

    def __init__(self, secret, suite):
        self.hash, self.key_bytes, self.cipher = SUITES[suite]
        self._use(secret)

    def _use(self, secret):
        self.secret = secret
        self.key = self.cipher(self._expand("key", self.key_bytes))
        self.initial_vector = int.from_bytes(self._expand("iv", 12), "big")
        self.sequence_number = 0

    def _expand(self, label, count):
        name = b"tls13 " + label.encode()
        info = struct.pack("!H", count) + bytes([len(name)]) + name + b"\0"
        return HKDFExpand(algorithm=self.hash(), length=count, info=info).derive(self.secret)

    def record(self, content, kind=APPLICATION_DATA, padding=0):
        """One record, however long; `kind` is the inner type, or None for none at all."""
        inner = content + (b"" if kind is None else bytes([kind])) + bytes(padding)
        head = struct.pack("!BHH", APPLICATION_DATA, 0x0303, len(inner) + TAG_BYTES)
        nonce = (self.initial_vector ^ self.sequence_number).to_bytes(12, "big")
        self.sequence_number += 1
        return head + self.key.encrypt(nonce, inner, head)

    def key_update(self, asks=False):
        """A KeyUpdate, and the next keys; `asks` requests the peer's too."""
        record = self.record(b"\x18\0\0\x01" + bytes([asks]), HANDSHAKE)
        self._use(self._expand("traffic upd", self.hash.digest_size))
        return record


def open_by_hand(server, folder, seconds=10):
    """A connection whose handshake is over, with the writer of its next records: `(raw, writer)`. It is read as usual
    and written to by `raw.socket.tcp` alone."""
    context = server.tls.new_context()
    log = folder / "keys.log"
    context.keylog_filename = str(log)
    raw = RawSocket(server, seconds=seconds, context=context)
    lines = (line.split() for line in log.read_text().splitlines() if not line.startswith("#"))
    secret = [fields[2] for fields in lines if fields[0] == "CLIENT_TRAFFIC_SECRET_0"][-1]
    return raw, RecordWriter(bytes.fromhex(secret), raw.socket.client.tls.cipher()[0])
