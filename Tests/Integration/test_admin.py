"""The live view: `/admin/figures` and who may read it. test_top.py and test_admin_page.py have what shows it."""

import signal

import pytest
import requests
from support.deadline import wait_until
from support.liveview import ENV, figures, get, metrics_port
from support.server import free_port
from support.streams import open_stream, receive
from support.tokens import ADMIN_SECRET, bearer

PATHS = ("/admin", "/admin/figures")


def test_without_a_secret_there_is_no_live_view(serve):
    server = serve()
    for path in PATHS:
        for method in ("GET", "POST", "OPTIONS"):
            answer = server.request(method, path, headers={"Authorization": f"Bearer {ADMIN_SECRET}"})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)


@pytest.mark.parametrize("secret", ["too-short", "with a space in it", "not-ascii-é-0123456789"])
def test_a_secret_that_cannot_be_used_ends_the_start(serve, secret):
    server = serve(ready=False, env={"SHOPSTREAM_ADMIN_SECRET": secret}).launch()
    assert server.wait() == 78
    assert "SHOPSTREAM_ADMIN_SECRET" in server.log() and secret not in server.log()


def test_figures_need_the_secret_and_wrong_ones_are_limited_by_address(serve):
    # Ten times the limit of a user.
    server = serve(env={**ENV, "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "1"})
    shop = server.shops[0]
    wrong = [{}, bearer(shop.admin)]
    wrong += [{"Authorization": text} for text in (f"Bearer {ADMIN_SECRET}x", f"Basic {ADMIN_SECRET}")]
    for number in range(10):
        answer = server.request("GET", "/admin/figures", headers=wrong[number % len(wrong)])
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_admin_secret")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for headers in wrong:
        answer = server.request("GET", "/admin/figures", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
        assert int(answer.headers["Retry-After"]) >= 1
    assert get(server).status_code == 200, "the secret is not limited"
    # The attempts are those of streams without a token too.
    assert server.request("GET", f"/api/v1/shops/{shop.id}/messages/stream", headers={
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }).status_code == 429  # fmt: skip


def test_the_answers_are_not_cached_and_the_page_needs_no_secret(serve):
    server = serve(env=ENV)
    page, document = server.request("GET", "/admin"), get(server)
    for answer in (page, document):
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"].startswith("text/html") and ADMIN_SECRET not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy
    assert document.headers["Content-Type"] == "application/json"
    assert server.request("POST", "/admin/figures").status_code == 405


def test_the_figures_agree_with_what_was_done(serve):
    server = serve(env={**ENV, "SHOPSTREAM_DRIVER": "epoll"})
    first, second, _ = server.shops
    before = figures(server)
    assert before["driver"] == "epoll" and before["store_kind"] == "sqlite" and before["readiness"] == "ready"
    assert before["mode"] == "development" and len(before["reactors"]) == 2 and before["shops"] == []
    streams = [open_stream(server, first.id, first.member) for _ in range(3)]
    streams.append(open_stream(server, second.id, second.member))
    try:
        for number in range(5):
            first.post(f"message {number}")
        second.post("another")
        for stream, count in zip(streams, (5, 5, 5, 1)):
            for _ in range(count):
                receive(stream)
        # A frame is counted after it was sent.
        wait_until(lambda: figures(server)["messages"]["delivered"] == 16, what="the deliveries are counted")
        after = figures(server)
        assert after["streams"]["open"] == 4 and after["streams"]["shops"] == 2
        assert after["shops"] == [
            {"id": first.id, "streams": 3, "delivered": 15}, {"id": second.id, "streams": 1, "delivered": 1},
        ]  # fmt: skip
        assert sum(reactor["streams"] for reactor in after["reactors"]) == 4
        assert sum(reactor["delivered"] for reactor in after["reactors"]) == 16
        assert after["messages"]["published"] - before["messages"]["published"] == 6
        latency = after["messages"]["latency_microseconds"]
        assert len(latency["counts"]) == len(latency["bounds"]) + 1 and sum(latency["counts"]) == 6
        assert after["store"]["messages"] == 6 and after["store"]["errors"] == 0
        # Housekeeping commits too.
        assert after["store"]["commits"] > before["store"]["commits"]
        assert after["requests"]["answered"] > before["requests"]["answered"]
        assert after["started_at"] == before["started_at"]
        assert after["clock_microseconds"] > before["clock_microseconds"]
        for old, new in zip(before["reactors"], after["reactors"]):
            busy, total = (new[name] - old[name] for name in ("busy_microseconds", "total_microseconds"))
            assert 0 < busy < total
        assert server.metric("websocket_messages_delivered_total") == 16
    finally:
        for stream in streams:
            stream.close()
    wait_until(lambda: figures(server)["streams"]["open"] == 0, what="the ends of the streams are counted")
    server.request("GET", f"/api/v1/shops/{first.id}/messages", headers={"Authorization": "Bearer x"})
    assert figures(server)["requests"]["tokens_refused"] >= 1


def test_the_busiest_shops_are_those_with_the_most_deliveries_not_those_with_the_most_streams(serve):
    server = serve(env=ENV)
    first, second, _ = server.shops
    streams = [open_stream(server, first.id, first.member) for _ in range(4)]
    streams.append(open_stream(server, second.id, second.member))
    try:
        wait_until(lambda: figures(server)["streams"]["open"] == 5, what="the streams are counted")
        assert [shop["id"] for shop in figures(server)["shops"]] == [first.id, second.id]
        for number in range(6):
            second.post(f"message {number}")
            receive(streams[-1])
        busiest = {"id": second.id, "streams": 1, "delivered": 6}
        wait_until(lambda: figures(server)["shops"][0] == busiest, what="the deliveries are counted")
        assert figures(server)["shops"][1] == {"id": first.id, "streams": 4, "delivered": 0}
    finally:
        for stream in streams:
            stream.close()


def test_both_listeners_have_the_live_view(serve):
    env = {**ENV, "SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:0", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "1"}
    server = serve(env=env)
    side = f"http://127.0.0.1:{metrics_port(server)}"
    assert requests.get(f"{side}/admin", timeout=10).text == server.request("GET", "/admin").text
    headers = {"Authorization": f"Bearer {ADMIN_SECRET}"}
    document = requests.get(f"{side}/admin/figures", headers=headers, timeout=10).json()
    assert document["started_at"] == figures(server)["started_at"]
    for _ in range(12):  # its clients have no address to count by
        assert requests.get(f"{side}/admin/figures", timeout=10).status_code == 401


def test_a_reload_enables_the_live_view_changes_its_secret_and_disables_it(serve, tmp_path):
    path = tmp_path / "shopstream.yaml"
    path.touch(mode=0o600)
    server = serve(args=["--config", str(path)])
    assert get(server).status_code == 404

    def reload(text):
        count = server.metric("shopstream_configuration_reloads_total", result="applied")
        path.write_text(text)
        server.signal(signal.SIGHUP)
        wait_until(
            lambda: server.metric("shopstream_configuration_reloads_total", result="applied") > count,
            what="the settings are read again",
        )

    reload(f"shopstream_admin_secret: {ADMIN_SECRET}\n")
    assert get(server).status_code == 200 and server.request("GET", "/admin").status_code == 200
    reload("shopstream_admin_secret: another-secret-of-it\n")
    assert get(server).status_code == 401 and get(server, "another-secret-of-it").status_code == 200
    reload("")
    for path in PATHS:
        assert server.request("GET", path).status_code == 404
    assert ADMIN_SECRET not in server.log() and "another-secret-of-it" not in server.log()


def test_a_server_that_takes_over_says_what_it_waits_for(serve):
    port = free_port()
    first = serve(env=ENV, port=port)
    second = serve(ready=False, env=ENV, args=["--takeover"], store=first.store).launch()
    wait_until(lambda: '"listening"' in second.log(), 20, "the second server listens")
    document = wait_until(lambda: figures(second), what="the second server has figures")
    assert document["readiness"] == "store_in_use" and document["store"]["takeover_waiting"] == 0
    assert first.terminate() == 0
    wait_until(lambda: figures(second)["readiness"] == "ready", 20, "the second server is ready")
