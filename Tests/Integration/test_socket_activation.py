"""Listening sockets that the service manager opens and passes on (LISTEN_FDS), and a restart without a refused client."""

import threading

import pytest
from support.activation import ask_until, held_socket, launch, launch_ready
from support.deadline import wait_until
from support.streams import close_code, open_stream, receive


@pytest.fixture
def listening():
    with held_socket() as listener:
        yield listener


def test_all_reactors_serve_the_socket(serve, listening):
    server = launch_ready(serve(shops=8, ready=False, port=listening.getsockname()[1], reactors=3), listening)
    streams = [open_stream(server, shop.id, shop.member) for shop in server.shops]
    for shop, stream in zip(server.shops, streams):
        sent = shop.post("hello")
        assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0
    assert [close_code(stream) for stream in streams] == [1001] * 8


def test_a_restart_keeps_connections_waiting_and_refuses_none(serve, listening):
    port = listening.getsockname()[1]
    server = launch_ready(serve(ready=False, port=port), listening)
    failures, statuses, is_over = [], [], threading.Event()

    threads = [
        threading.Thread(target=ask_until, args=(is_over, port, statuses, failures)) for _ in range(8)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            count = len(statuses)
            wait_until(lambda: len(statuses) > count + 50 or failures, 20, "requests are answered")
            assert server.terminate(20) == 0
            launch_ready(server, listening)
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
    server = launch_ready(serve(ready=False), listening, process_id="1")
    assert server.terminate() == 0
