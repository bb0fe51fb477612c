"""Requests that do not arrive in time get 408, and the server keeps serving."""

from support.rawsocket import RawSocket


def test_a_head_that_does_not_arrive_is_408_and_the_server_goes_on(shop):
    with RawSocket(shop.server, seconds=30) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert raw.response()[0] == 408
        assert raw.is_at_end()
    assert shop.server.request("GET", "/healthz").status_code == 200
