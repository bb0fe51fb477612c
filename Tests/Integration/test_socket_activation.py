"""Listening sockets that the service manager opens and passes on (LISTEN_FDS), and a restart without a refused client."""

import contextlib
import signal
import socket
import threading

import pytest
import requests
from support.activation import address_of, ask_until, held_socket, launch, launch_ready
from support.certificates import TLS
from support.deadline import wait_until
from support.server import free_port
from support.streams import close_code, open_stream, receive


@pytest.fixture
def listening():
    with held_socket() as listener:
        yield listener


@pytest.fixture
def tls(authority):
    return TLS(authority, authority.issue())


@pytest.fixture(params=["127.0.0.1", "::1"])
def hold(request):
    """Holds sockets on IPv4, then on IPv6."""
    with contextlib.ExitStack() as held:

        def one():
            try:
                return held.enter_context(held_socket(request.param))
            except OSError:
                pytest.skip("this machine has no IPv6")

        yield one


def with_listeners(serve, tls, main, plain, metrics):
    """A server with all three listeners, which has not been started."""
    host, port = address_of(main).rsplit(":", 1)
    settings = {"SHOPSTREAM_LISTEN_PLAIN": address_of(plain), "SHOPSTREAM_METRICS_LISTEN": address_of(metrics)}
    return serve(ready=False, tls=tls, host=host, port=int(port), reactors=3, env=settings)


def status(listener, path):
    return requests.get(f"http://{address_of(listener)}{path}", timeout=20).status_code


def test_each_listener_has_its_socket_in_whatever_order(serve, tls, hold):
    main, plain, metrics = hold(), hold(), hold()
    server = launch_ready(with_listeners(serve, tls, main, plain, metrics), metrics, plain, main)
    # Each connection goes to the reactor that is first at the queue.
    for _ in range(12):
        assert server.request("GET", "/healthz").status_code == 200, "by TLS, verified"
        assert status(plain, "/openapi.json") == 200
    assert status(plain, "/metrics") == server.request("GET", "/metrics").status_code == 404
    assert status(metrics, "/metrics") == 200 and status(metrics, "/openapi.json") == 404
    assert server.terminate() == 0


def test_the_sockets_of_further_listeners_outlive_the_process(serve, tls, hold):
    main, plain, metrics = hold(), hold(), hold()
    server = launch_ready(with_listeners(serve, tls, main, plain, metrics), main, plain, metrics)
    assert server.terminate() == 0
    with contextlib.ExitStack() as waiting:
        connections = []
        for listener, path in ((plain, "/healthz"), (metrics, "/metrics")):
            connection = waiting.enter_context(socket.create_connection(listener.getsockname()[:2], timeout=20))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            connections.append(connection)
        launch_ready(server, main, plain, metrics)
        assert [connection.recv(64)[:12] for connection in connections] == [b"HTTP/1.1 200"] * 2
    assert server.terminate() == 0


@pytest.mark.plain  # asks by http
@pytest.mark.parametrize("reactors", [1, 2])
def test_a_takeover_leaves_a_socket_of_the_service_manager_as_it_is(serve, listening, reactors):
    """The metrics listener, which both servers open, passes to the successor; what they share with others does not."""
    port, metrics_port = listening.getsockname()[1], free_port()
    options = {
        "port": port, "reactors": reactors, "env": {"SHOPSTREAM_METRICS_LISTEN": f"127.0.0.1:{metrics_port}"},
    }  # fmt: skip
    first = launch_ready(serve(ready=False, **options), listening)
    second = launch(serve(ready=False, store=first.store, args=["--takeover"], **options), listening)
    wait_until(lambda: '"listening"' in second.log(), 20, "the second listens")
    first.signal(signal.SIGTERM)
    assert first.wait(20) == 0
    assert "another server takes the connections" in first.log()
    # A connection that is dropped by the kernel is never answered.
    for _ in range(12):
        for asked in (port, metrics_port):
            assert requests.get(f"http://127.0.0.1:{asked}/healthz", timeout=20).status_code == 200
    assert second.terminate() == 0


def test_listeners_without_a_socket_are_opened_by_the_server(serve, tls, hold):
    plain = hold()
    with held_socket() as main, held_socket() as metrics:
        server = with_listeners(serve, tls, main, plain, metrics)
    # The two addresses are free now.
    launch_ready(server, plain)
    assert [status(plain, "/healthz"), server.request("GET", "/healthz").status_code] == [200, 200]
    assert requests.get(f"http://{server.env['SHOPSTREAM_METRICS_LISTEN']}/metrics", timeout=20).status_code == 200


@pytest.mark.plain  # its clients know no certificate
def test_a_socket_of_all_addresses_serves_both_families(serve):
    try:
        listening = contextlib.ExitStack()
        held = listening.enter_context(held_socket("::"))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with listening:
        port = held.getsockname()[1]
        server = serve(ready=False, host="[::]", port=port)
        launch(server, held)
        for host in ("[::1]", "127.0.0.1"):
            wait_until(lambda: answers(f"http://{host}:{port}/readyz"), 20, f"{host} is served")
        assert server.terminate() == 0


def answers(url):
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_all_reactors_serve_the_socket(serve, listening):
    server = launch_ready(serve(shops=8, ready=False, port=listening.getsockname()[1], reactors=3), listening)
    streams = [open_stream(server, shop.id, shop.member) for shop in server.shops]
    for shop, stream in zip(server.shops, streams):
        sent = shop.post("hello")
        assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0
    assert [close_code(stream) for stream in streams] == [1001] * 8


@pytest.mark.plain  # its clients have no TLS
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


@pytest.mark.parametrize("setting", ["SHOPSTREAM_LISTEN_PLAIN", "SHOPSTREAM_METRICS_LISTEN"])
@pytest.mark.parametrize("address", ["0.0.0.0:{}", "127.0.0.2:{}", "[::1]:{}"])
def test_a_socket_of_another_address_than_its_listener_is_refused(serve, tls, listening, setting, address):
    # The port is the same. A socket of one address gets no connections for the others.
    env = {setting: address.format(listening.getsockname()[1])}
    server = launch(serve(ready=False, tls=tls, env=env), listening)
    assert server.wait() == 78
    assert "LISTEN_FDS" in server.log() and address_of(listening) in server.log()


@pytest.mark.parametrize("kind", [(socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM)])
def test_what_is_no_socket_of_tcp_is_refused(serve, listening, tmp_path, kind):
    with socket.socket(*kind) as other:
        other.bind(str(tmp_path / "socket") if kind[0] == socket.AF_UNIX else ("127.0.0.1", 0))
        server = launch(serve(ready=False, port=listening.getsockname()[1]), listening, other)
        assert server.wait() == 78
    assert "LISTEN_FDS" in server.log() and "no TCP socket" in server.log()


def test_sockets_for_another_process_are_left_alone(serve, listening):
    server = launch_ready(serve(ready=False), listening, process_id="1")
    assert server.terminate() == 0
