"""An issuer of tokens, whose keys a server fetches (AUTH_JWKS_URL)."""

import http.server
import json
import ssl
import threading

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

from .tokens import token


class Issuer:
    """An HTTPS server that publishes keys: `kids` are those that it has now. `fetches` counts its answers."""

    def __init__(self, authority, names=("localhost",), addresses=(), fields=None):
        self.keys = {}
        self.kids = ["old"]
        self.fields = fields or {}
        self.fetches = 0
        self.answer = None  # instead of the keys: (status, body)
        self.stall = None  # an event: requests are answered when it is set
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                issuer.fetches += 1
                if issuer.stall:
                    issuer.stall.wait(60)
                status, body = issuer.answer or (200, issuer.document())
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **issuer.fields}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if authority:
            certificate = authority.issue(*names, addresses=addresses)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate_path, certificate.key_path)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self):
        for kid in self.kids:
            self.keys.setdefault(kid, ed25519.Ed25519PrivateKey.generate())
        public = [
            {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self.keys[kid].public_key())), "kid": kid, "alg": "EdDSA"}
            for kid in self.kids
        ]
        return json.dumps({"keys": public}).encode()

    def token(self, user, kid, **claims):
        return token(user, secret=self.keys[kid], algorithm="EdDSA", headers={"kid": kid}, **claims)

    def end(self):
        self.server.shutdown()
        self.server.server_close()
