"""A collector of traces: takes OTLP over HTTP in JSON, on loopback."""

import http.server
import json
import ssl
import threading


class Collector:
    """Keeps the spans of all requests. `statuses` answers the first requests with these instead of 200. With a
    certificate it speaks TLS."""

    def __init__(self, statuses=(), certificate=None):
        self.requests = []
        self.statuses = list(statuses)
        self.lock = threading.Lock()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector.lock:
                    status = collector.statuses.pop(0) if collector.statuses else 200
                    collector.requests.append((self.path, dict(self.headers), json.loads(body), status))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                if status == 503:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if certificate else ''}://localhost:{self.server.server_address[1]}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate_path, certificate.key_path)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    def batches(self):
        """The requests that were answered with 200."""
        with self.lock:
            return [body for _, _, body, status in self.requests if status == 200]

    def spans(self):
        return [
            span
            for body in self.batches()
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


def attributes(span):
    """The attributes of a span, or of a resource."""
    return {entry["key"]: next(iter(entry["value"].values())) for entry in span["attributes"]}
