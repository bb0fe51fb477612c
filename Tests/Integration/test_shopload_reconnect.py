"""`shopload --reconnect`: streams that the server ends come back and catch up, and nothing that was missed is lost."""

import json
import signal
import subprocess

import pytest
from support import faultyserver as faulty
from support import shopload
from support.activation import held_socket, launch, launch_ready
from support.deadline import wait_until
from support.faultyserver import FaultyServer
from support.server import find_binary
from support.shopload import faults_of
from support.tokens import SECRET

STREAMS = 20
OPTIONS = {"connections": STREAMS, "rate": 50, "warm-up": 0, "duration": 3, "drain": 10}


def run_restarting(folder, *arguments, restart_at=50, **more):
    """Each of the first twenty streams is ended instead of getting a message; those that come back are not."""

    def restart(message, stream):
        return faulty.RESTART if message == restart_at and stream < STREAMS else None

    with FaultyServer(faults=restart, **more) as server:
        report, text = shopload.run(folder, server.url, "one-shop", *arguments, **OPTIONS)
    assert server.done == {faulty.RESTART: STREAMS}
    return report, text


def test_streams_that_the_server_ends_come_back_and_catch_up(tmp_path):
    report, text = run_restarting(tmp_path, "--reconnect")
    counters = report["counters"]
    assert faults_of(counters) == {}
    assert counters["disconnectsByCloseCode"] == {"1012": STREAMS} and counters["disconnectsByError"] == {}
    assert counters["reconnects"] == STREAMS and counters["notBack"] == 0
    assert counters["connectsSucceeded"] == 2 * STREAMS
    # At least the message in whose place the end came.
    assert counters["caughtUp"] >= STREAMS
    assert counters["delivered"] + counters["caughtUp"] == counters["expectedDeliveries"] == STREAMS * 150
    assert report["latencies"]["late"]["count"] >= counters["caughtUp"]
    assert "reconnects" in text and "did not come back 0" in text and f"caught up {counters['caughtUp']}" in text


def test_a_message_that_no_list_has_is_lost_for_each_stream_that_missed_it(tmp_path):
    report, _ = run_restarting(tmp_path, "--reconnect", omit=lambda message: message == 50)
    assert faults_of(report["counters"]) == {"lost": STREAMS}


def test_without_the_option_ended_streams_stay_away_and_expect_nothing(tmp_path):
    report, _ = run_restarting(tmp_path)
    counters = report["counters"]
    assert faults_of(counters) == {}
    assert counters["reconnects"] == counters["caughtUp"] == 0
    assert counters["delivered"] == counters["expectedDeliveries"] == STREAMS * 49


def test_reconnects_keep_to_the_rate(tmp_path):
    report, _ = run_restarting(tmp_path, "--reconnect", "--reconnects-per-second", "5", restart_at=10)
    assert report["counters"]["reconnects"] == STREAMS and report["counters"]["notBack"] == 0
    # A second of the report may begin in the middle of one of the limit.
    assert max(second["reconnects"] for second in report["seconds"]) <= 2 * 5
    assert faults_of(report["counters"]) == {}


def start(folder, server, *arguments, **options):
    command = [
        str(find_binary("shopload")), "run", "many-shops", "--url", server.url(), "--reconnect",
        "--report", str(folder / "report.json"), *arguments,
    ]  # fmt: skip
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


POPULATION = {"connections": 60, "shops": 6}


@pytest.mark.parametrize("way", ["takeover", "restart"])
def test_an_upgrade_under_load_loses_nothing(tmp_path, serve, way):
    with held_socket() as listening:
        options = {
            "shops": 0, "ready": False, "members": shopload.members("many-shops", **POPULATION),
            "port": listening.getsockname()[1], "store": f"sqlite:{tmp_path / 'store.sqlite'}",
            "env": {
                "SHOPSTREAM_DRAIN_WINDOW_SECONDS": "3", "WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0",
                "SHOPSTREAM_IMAGES": str(tmp_path / "images"),
            },
        }  # fmt: skip
        first = launch_ready(serve(**options), listening)
        load = start(
            tmp_path, first, "--secret", SECRET, **POPULATION, rate=60, writers=2, duration=8, drain=20, warm_up=0)
        try:
            wait_until(lambda: first.metric("websocket_messages_broadcast_total") > 60, 30, "messages flow")
            if way == "takeover":
                second = launch(serve(args=["--takeover"], **options), listening)
                wait_until(lambda: '"listening"' in second.log(), 20, "the second listens")
                first.signal(signal.SIGTERM)
                assert first.wait(20) == 0
            else:
                assert first.terminate(20) == 0
                launch(first, listening)
            output, _ = load.communicate(timeout=90)
        finally:
            load.kill()
    assert load.returncode == 0, output
    counters = json.loads((tmp_path / "report.json").read_text())["report"]["counters"]
    assert faults_of(counters) == {}, output
    assert counters["disconnectsByCloseCode"] == {"1012": POPULATION["connections"]}, output
    assert counters["reconnects"] >= POPULATION["connections"] and counters["notBack"] == 0
    assert counters["caughtUp"] > 0
    assert counters["delivered"] + counters["caughtUp"] == counters["expectedDeliveries"]


class Url:
    """What `start` needs of a server."""

    def __init__(self, url):
        self.url = lambda: url


def test_a_file_of_tokens_is_read_again_when_it_is_replaced(tmp_path):
    path = tmp_path / "tokens.csv"
    users = [f"load-user-{number}" for number in range(STREAMS // 5)]

    def write(name):
        beside = path.with_suffix(".new")
        beside.write_text("".join(f"{user},{name}\n" for user in [*users, "load-poster"]))
        beside.rename(path)

    def restart(message, stream):
        return faulty.RESTART if server.tokens["POST"] == {"Bearer old", "Bearer new"} and stream < STREAMS else None

    write("old")
    with FaultyServer(faults=restart) as server:
        load = start(tmp_path, Url(server.url), "--tokens", str(path), connections=STREAMS, shops=1, rate=50, warm_up=0,
                     duration=5, drain=10)  # fmt: skip
        try:
            wait_until(lambda: sum(server.messages.values()) > 20, 30, "messages flow")
            write("new")
            output, _ = load.communicate(timeout=60)
        finally:
            load.kill()
    assert load.returncode == 0, output
    assert server.tokens["GET"] == {"Bearer old", "Bearer new"}
    counters = json.loads((tmp_path / "report.json").read_text())["report"]["counters"]
    assert faults_of(counters) == {} and counters["reconnects"] == STREAMS
