"""/metrics: the names of the contract in the format that Prometheus reads."""

import re

import pytest
from support.deadline import wait_until
from support.streams import open_stream, receive

NAMES = [
    "websocket_connections_total", "websocket_connections_by_shop", "websocket_connection_duration_seconds",
    "websocket_messages_broadcast_total", "websocket_messages_delivered_total", "websocket_broadcast_latency_ms",
    "websocket_broadcast_errors_total", "websocket_auth_failures_total", "websocket_upgrade_failures_total",
    "websocket_disconnect_reasons",
]  # fmt: skip
SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\\n])*",?)*\})? (-?[\d.]+(e[+-]?\d+)?|[+-]Inf|NaN)')


def test_the_format_is_that_of_prometheus(shop):
    with open_stream(shop.server, shop.id, shop.member):
        answer = shop.server.request("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    types, seen = {}, set()
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types and kind in ("counter", "gauge", "histogram", "untyped")
            types[name] = kind
        elif line and not line.startswith("#"):
            assert SAMPLE.fullmatch(line), line
            key = line.rpartition(" ")[0]
            assert key not in seen, f"{key} twice"
            seen.add(key)
    assert [name for name in NAMES if name not in types] == []


def test_connections_broadcasts_and_deliveries_are_counted(serve):
    server = serve()
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as one, open_stream(server, shop.id, shop.admin) as other:
        wait_until(lambda: server.open_streams() == 2, what="two streams are counted")
        assert server.metric("websocket_connections_by_shop", shop=shop.id) == 2 or server.metric(
            "websocket_connections_by_shop") == 2
        health = server.request("GET", "/api/v1/health/websocket").json()
        assert (health["active_connections"], health["active_shops"]) == (2, 1)
        shop.post("x")
        receive(one), receive(other)
        server.shops[1].post("nobody listens")
        wait_until(lambda: server.metric("websocket_messages_delivered_total") == 2, what="two deliveries")
        assert server.metric("websocket_messages_broadcast_total") == 2
    wait_until(lambda: server.open_streams() == 0, what="none is open")
    assert server.metric("websocket_disconnect_reasons") == 2
    assert server.metric("websocket_connection_duration_seconds_count") == 2


@pytest.mark.parametrize("driver", ["uring", "epoll"])
def test_each_reactor_has_figures_of_its_own(serve, driver):
    server = serve(env={"SHOPSTREAM_DRIVER": driver})
    server.shops[0].post("x")
    samples = server.metrics()
    free, longest, accepts, retained, slow = (
        [samples[f'{name}{{reactor="{reactor}"}}'] for reactor in (0, 1)]
        for name in ("shopstream_ring_free_buffers_min", "shopstream_reactor_longest_turn_seconds",
                     "shopstream_accepts_total", "shopstream_reactor_retained_bytes",
                     "shopstream_reactor_slow_closes_total")
    )  # fmt: skip
    assert all(0 < count <= 512 for count in free) and min(free) < 512, "a request has had a buffer"
    assert all(seconds > 0 for seconds in longest)
    assert sum(accepts) >= 2 and retained == slow == [0, 0]
