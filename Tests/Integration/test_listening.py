"""Where a server listens: on IPv6, and beside another one that it takes over from."""

import collections
import signal
import socket
import threading

import pytest
from support.deadline import wait_until
from support.streams import close_code, open_stream, receive


@pytest.mark.plain  # its connections on IPv6 are sockets without TLS
def test_a_server_listens_on_ipv6(serve):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = serve(host="[::1]", env={"SHOPSTREAM_MAX_CONNECTIONS_PER_ADDRESS": "3"})
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as one, open_stream(server, shop.id, shop.admin) as other:
        message = shop.post("over IPv6")
        assert receive(one) == receive(other) == message
        # The third of this address, once the connection of the POST is released.
        with wait_until(lambda: held(server), what="a third connection is accepted"):
            wait_until(lambda: is_refused(server), what="a fourth connection is refused")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=10)
    wait_until(lambda: not is_refused(server), what="its connections are released")
    assert f'"address":"[::1]:{server.port}"' in server.log()


def held(server):
    """A connection that the server has accepted and keeps; None when it refused it."""
    probe = socket.create_connection(("::1", server.port), timeout=10)
    try:
        probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        if probe.recv(64).startswith(b"HTTP/1.1 200"):
            return probe
    except ConnectionError:
        pass
    probe.close()
    return None


def is_refused(server):
    with socket.create_connection(("::1", server.port), timeout=10) as probe:
        probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            return not probe.recv(64).startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            return True


def test_a_server_takes_over_from_another_on_the_same_address(serve):
    first = serve()
    shop = first.shops[0]
    stored = shop.post("to the first")
    with open_stream(first, shop.id, shop.member) as stream:
        second = serve(ready=False, port=first.port, store=first.store, args=["--takeover"]).launch()
        # The first would answer for it: only its log tells that it is there.
        wait_until(lambda: '"listening"' in second.log(), 20, "the second listens")
        assert first.is_alive()
        first.signal(signal.SIGTERM)
        assert close_code(stream) == 1001
        assert first.wait(10) == 0
    with open_stream(second, shop.id, shop.member) as stream:
        message = second.post(shop.id, shop.admin, "to the second")
        assert receive(stream) == message
    assert second.list(shop.id, shop.member) == [stored, message]
    assert second.terminate() == 0


@pytest.mark.plain  # its connections are sockets without TLS
def test_a_takeover_refuses_and_resets_no_connection(serve):
    """Both listen on the address by SO_REUSEPORT: what is in the queue of the one that ends must not be lost."""
    first = serve()
    is_over, outcomes = threading.Event(), collections.Counter()
    clients = [threading.Thread(target=ask_again_and_again, args=(first.port, is_over, outcomes)) for _ in range(16)]
    for client in clients:
        client.start()
    try:
        server = first
        for _ in range(3):
            wait_for_answers(outcomes)
            successor = serve(ready=False, port=first.port, store=first.store, args=["--takeover"]).launch()
            wait_until(lambda: '"listening"' in successor.log(), 20, "the successor listens")
            wait_for_answers(outcomes)
            server.signal(signal.SIGTERM)
            assert server.wait(15) == 0
            server = successor
        wait_for_answers(outcomes)
    finally:
        is_over.set()
        for client in clients:
            client.join(30)
    assert set(outcomes) == {b"HTTP/1.1 200 OK"}, outcomes
    assert server.terminate() == 0


def wait_for_answers(outcomes):
    """Until there are some more answers than now."""
    count = outcomes.total() + 200
    wait_until(lambda: outcomes.total() >= count, 20, "the clients are answered")


def ask_again_and_again(port, is_over, outcomes):
    """Asks for the health by one connection after another, and counts the outcomes."""
    while not is_over.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
            outcomes[answer.split(b"\r\n")[0]] += 1
        except OSError as error:
            outcomes[repr(error)] += 1
