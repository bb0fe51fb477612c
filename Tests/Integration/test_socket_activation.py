"""Listening sockets that the service manager opens and passes on (LISTEN_FDS), and a restart without a refused client."""

import http.client
import socket
import subprocess
import threading

import pytest

from support.deadline import wait_until
from support.server import find_binary
from support.streams import close_code, open_stream, receive


@pytest.fixture
def listening():
    """A socket that outlives the servers, as that of a service manager does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield listener


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


def ready(server):
    wait_until(lambda: "listening" in server.log(), 20, "the server listens")
    wait_until(lambda: server.request("GET", "/readyz").status_code == 200, 20, "the server is ready")
    return server


def test_all_reactors_serve_the_socket(serve, listening):
    server = ready(launch(serve(shops=8, ready=False, port=listening.getsockname()[1], reactors=3), listening))
    streams = [open_stream(server, shop.id, shop.member) for shop in server.shops]
    for shop, stream in zip(server.shops, streams):
        sent = shop.post("hello")
        assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0
    assert [close_code(stream) for stream in streams] == [1001] * 8


def test_a_restart_keeps_connections_waiting_and_refuses_none(serve, listening):
    port = listening.getsockname()[1]
    server = ready(launch(serve(ready=False, port=port), listening))
    failures, statuses, is_over = [], [], threading.Event()

    def ask():
        while not is_over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request("GET", "/healthz")
                statuses.append(connection.getresponse().status)
            except OSError as error:
                failures.append(repr(error))
            finally:
                connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            count = len(statuses)
            wait_until(lambda: len(statuses) > count + 50 or failures, 20, "requests are answered")
            assert server.terminate(20) == 0
            ready(launch(server, listening))
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert set(statuses) == {200}


def test_a_socket_that_no_setting_names_is_refused(serve, listening):
    server = launch(serve(ready=False), listening)
    assert server.wait() == 78
    assert "LISTEN_FDS" in server.log() and f"127.0.0.1:{listening.getsockname()[1]}" in server.log()


def test_sockets_for_another_process_are_left_alone(serve, listening):
    server = ready(launch(serve(ready=False), listening, process_id="1"))
    assert server.terminate() == 0
