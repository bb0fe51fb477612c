"""A TCP proxy in front of PostgreSQL that drops the database's responses, or delays its requests."""

import socket
import threading


class DatabaseProxy:
    """Use it as a context manager; `port` is where it listens.

    `swallow` is a text of a request: its connection gets no more responses, and is cut when the server has answered.
    The request is then done, and the client cannot know it. A request with the text `hold` is delayed until `release`.
    """

    SYNCED = b"Z\x00\x00\x00\x05"  # ReadyForQuery: the transaction is over

    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.swallow = self.hold = None
        self.swallowed = 0
        self.released = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release()
        self.listener.close()

    def release(self):
        """Delayed requests continue."""
        self.hold = None
        self.released.set()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            state = {"swallows": False}
            threading.Thread(target=self._ask, args=(client, server, state), daemon=True).start()
            threading.Thread(target=self._answer, args=(client, server, state), daemon=True).start()

    def _ask(self, client, server, state):
        try:
            while data := client.recv(65536):
                if self.hold and self.hold in data:
                    self.released.wait(60)
                if self.swallow and self.swallow in data:
                    state["swallows"] = True
                server.sendall(data)
        except OSError:
            pass
        finally:
            self._close(client, server)

    def _answer(self, client, server, state):
        try:
            while data := server.recv(65536):
                if not state["swallows"]:
                    client.sendall(data)
                elif self.SYNCED in data:
                    self.swallowed += 1
                    return
        except OSError:
            pass
        finally:
            self._close(client, server)

    @staticmethod
    def _close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
