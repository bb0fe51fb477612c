"""Servers whose listening sockets a service manager holds: they outlive each process."""

import contextlib
import http.client
import socket
import subprocess

from .deadline import wait_until
from .server import find_binary


@contextlib.contextmanager
def held_socket(host="127.0.0.1"):
    """A listening socket on a free port of loopback, or of another address. `::` takes IPv4 too, as with systemd."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.bind((host, 0))
        listener.listen(4096)
        yield listener


def address_of(listener):
    """Its address, as in a setting and in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def launch(server, *sockets, process_id="$$"):
    """Starts the server with these sockets from descriptor 3 on."""
    moves = "".join(f"exec {3 + index}<&{listener.fileno()}; " for index, listener in enumerate(sockets))
    script = f'{moves}LISTEN_PID={process_id} LISTEN_FDS={len(sockets)} exec "$@"'
    with open(server.log_path, "ab") as log:
        server.process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(find_binary()), *server.args], env=server.env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[listener.fileno() for listener in sockets],
        )  # fmt: skip
    return server


def is_ready(server):
    return server.request("GET", "/readyz").status_code == 200


def launch_ready(server, *sockets, **options):
    count = (server.log() if server.log_path.exists() else "").count('"listening"') + 1
    launch(server, *sockets, **options)
    wait_until(lambda: server.log().count('"listening"') >= count, 20, "the server listens")
    wait_until(lambda: is_ready(server), 20, "the server is ready")
    return server


def ask_until(is_over, port, statuses, failures):
    """Asks for `/healthz` again and again, on a connection of its own each time: for a thread, until the event is set."""
    while not is_over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            statuses.append(connection.getresponse().status)
        except OSError as error:
            failures.append(repr(error))
        finally:
            connection.close()
