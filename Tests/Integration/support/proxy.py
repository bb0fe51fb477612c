"""A network between a client and the server, whose streams can fall silent while other connections work."""

import socket
import threading


class Proxy:
    """Listens on a free port of loopback and passes bytes on to `port`."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.silent = set()  # sockets whose bytes vanish
        self.streams = set()
        self.sockets = [self.listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        try:
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self.sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()
        except OSError:
            return  # the test is over

    def _pass(self, source, sink):
        try:
            while data := source.recv(65536):
                if b"\r\nUpgrade: websocket\r\n" in data:
                    self.streams |= {source, sink}
                if source not in self.silent:
                    sink.sendall(data)
            if source not in self.silent:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side hung up

    def silence_streams(self):
        """From now on nothing passes on the streams that are open, neither way; they look open to both sides."""
        self.silent |= self.streams

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def end(self):
        for each in self.sockets:
            each.close()
