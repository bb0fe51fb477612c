"""Where a server listens: on IPv6, and beside another one that it takes over from."""

import signal
import socket

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
