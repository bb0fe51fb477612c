"""What the server sends to the service manager that started it (NOTIFY_SOCKET), as units with Type=notify need it."""

import signal
import socket

import pytest


@pytest.fixture
def notifications(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        yield listener


def read_states(listener):
    """The assignments of the next notification."""
    return dict(line.split("=", 1) for line in listener.recv(4096).decode().splitlines())


def test_ready_reloading_and_stopping_are_sent(serve, notifications):
    server = serve(ready=False, env={"NOTIFY_SOCKET": notifications.getsockname()}).launch()
    assert read_states(notifications) == {"READY": "1"}
    server.must_serve()
    server.signal(signal.SIGHUP)
    reloading = read_states(notifications)
    assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) > 0
    assert read_states(notifications) == {"READY": "1"}
    server.signal(signal.SIGTERM)
    assert read_states(notifications) == {"STOPPING": "1"}
    assert server.wait() == 0


def test_a_server_that_cannot_start_is_never_ready(serve, notifications):
    server = serve(ready=False, env={"NOTIFY_SOCKET": notifications.getsockname(), "SHOPSTREAM_MODE": "no mode"})
    assert server.launch().wait() == 78
    notifications.setblocking(False)
    with pytest.raises(BlockingIOError):
        notifications.recv(4096)
