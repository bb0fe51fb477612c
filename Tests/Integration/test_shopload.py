"""The load generator judged: by a server whose faults are known, and against the real one."""

import json
import os
import pathlib
import signal
import subprocess

import pytest
from support import faultyserver as faulty
from support import shopload
from support.deadline import wait_until
from support.faultyserver import FaultyServer
from support.server import find_binary, free_port
from support.shopload import faults_of
from support.tokens import SECRET

# Twenty streams of one shop, a hundred messages to it.
SMALL = {"connections": 20, "rate": 50, "warm-up": 0, "duration": 2, "drain": 2}
STREAMS, MESSAGES = 20, 100


# The verdicts on a server that did not do what was asked of it. That the generator had the processors that it needed
# cannot be asserted of every machine.
MISSED = ("serverIsTheLimit", "serverIsAtFault")


def figures_of(folder):
    return json.loads((folder / "report.json").read_text())["figures"]


def kind_of(folder):
    return json.loads((folder / "report.json").read_text())["verdict"]["kind"]


def run_faulty(folder, scenario="one-shop", faults=lambda message, stream: None, options=None, **more):
    with FaultyServer(faults=faults, **more) as server:
        report, text = shopload.run(folder, server.url, scenario, **(options or SMALL))
        return report, text, server


def test_a_faultless_server_shows_no_fault_and_every_delivery(tmp_path):
    report, text, _ = run_faulty(tmp_path)
    counters = report["counters"]
    assert kind_of(tmp_path) not in MISSED
    assert faults_of(counters) == {}
    assert counters["delivered"] == counters["expectedDeliveries"] == STREAMS * MESSAGES
    assert counters["requestsSent"] == MESSAGES and counters["statuses"] == {"201": MESSAGES}
    assert counters["connectsSucceeded"] == STREAMS and counters["disconnectsByError"] == {}
    assert report["latencies"]["delivery"]["count"] == STREAMS * MESSAGES
    assert report["latencies"]["lastRecipient"]["count"] == report["latencies"]["firstRecipient"]["count"] == MESSAGES
    assert "lost 0" in text


@pytest.mark.parametrize(
    "fault, count",
    [
        (faulty.DROP, "lost"), (faulty.DOUBLE, "duplicated"), (faulty.SWAP, "outOfOrder"),
        (faulty.CORRUPT, "corruptFrames"), (faulty.CUT_TEXT, "corruptFrames"),
    ],
)  # fmt: skip
def test_each_fault_is_counted_exactly(tmp_path, fault, count):
    # Every third stream, every tenth message; never the last, which nothing would overtake.
    report, _, server = run_faulty(tmp_path, faults=lambda m, s: fault if s % 3 == 1 and m % 10 == 4 else None)
    expected = 7 * MESSAGES // 10
    assert server.done == {fault: expected}
    assert faults_of(report["counters"]) == {count: expected}
    undelivered = expected if fault in (faulty.DROP, faulty.CORRUPT, faulty.CUT_TEXT) else 0
    assert report["counters"]["delivered"] == STREAMS * MESSAGES - undelivered
    assert kind_of(tmp_path) == "serverIsAtFault"


def test_the_last_messages_dropped_are_lost_too(tmp_path):
    report, _, _ = run_faulty(tmp_path, faults=lambda m, s: faulty.DROP if m > MESSAGES - 3 and s == 0 else None)
    assert faults_of(report["counters"]) == {"lost": 3}


def test_a_frame_that_the_end_of_the_connection_cuts_off_is_counted_and_ends_its_stream(tmp_path):
    report, _, _ = run_faulty(tmp_path, faults=lambda m, s: faulty.CUT_FRAME if m == 50 and s in (3, 8) else None)
    counters = report["counters"]
    assert faults_of(counters) == {"cutFrames": 2}
    # The messages before the cut were expected and arrived; those after it are no loss but a disconnect.
    assert counters["delivered"] == counters["expectedDeliveries"] == STREAMS * MESSAGES - 2 * 51
    assert counters["disconnectsByError"] == {"end of stream": 2}


def test_messages_of_another_shop_are_foreign(tmp_path):
    options = {**SMALL, "shops": 2}
    report, _, server = run_faulty(
        tmp_path, "many-shops", lambda m, s: faulty.FOREIGN if s == 5 and m % 5 == 4 else None, options)
    assert server.done[faulty.FOREIGN] == 2 * MESSAGES // 2 // 5
    assert faults_of(report["counters"]) == {"foreign": server.done[faulty.FOREIGN]}
    assert report["counters"]["delivered"] == MESSAGES * STREAMS // 2


def test_several_writers_of_a_shop_lose_nothing_and_dropped_messages_are_counted(tmp_path):
    report, _, server = run_faulty(
        tmp_path, faults=lambda m, s: faulty.DROP if m % 10 == 4 else None, options={**SMALL, "writers": 5})
    assert [len(posters) for posters in server.posters.values()] == [5]
    assert faults_of(report["counters"]) == {"lost": server.done[faulty.DROP]} == {"lost": STREAMS * MESSAGES // 10}
    assert report["counters"]["delivered"] == STREAMS * MESSAGES * 9 // 10


def test_each_shop_has_its_writers_on_connections_of_their_own(tmp_path):
    options = {**SMALL, "shops": 4, "writers": 4, "posters": 2}
    report, _, server = run_faulty(tmp_path, "many-shops", options=options)
    assert [len(posters) for posters in server.posters.values()] == [4] * 4
    assert report["scenario"]["parameters"]["posting_connections"] == "4"


def test_reactors_that_post_and_receive_count_alike(tmp_path):
    with FaultyServer(faults=lambda m, s: faulty.DROP if m % 10 == 4 and s == 2 else None) as server:
        report, _ = shopload.run(
            tmp_path, server.url, "many-shops", "--shared-reactors", **{**SMALL, "shops": 4, "reactors": 3})
    assert len(report["generator"]["reactors"]) == 3
    assert faults_of(report["counters"]) == {"lost": server.done[faulty.DROP]}
    assert report["counters"]["expectedDeliveries"] == MESSAGES * STREAMS // 4


def test_refused_messages_are_no_loss(tmp_path):
    report, text, server = run_faulty(tmp_path, refuse=lambda m: 503 if m % 4 == 0 else None)
    counters = report["counters"]
    assert server.done == {503: MESSAGES // 4}
    # A quarter of the messages is not served, however fast it is refused.
    assert kind_of(tmp_path) != "neither"
    assert f"{MESSAGES // 4} messages were refused" in " ".join(text.split())
    assert sum(second["answered"] for second in report["seconds"]) == MESSAGES * 3 // 4
    assert report["latencies"]["post"]["count"] == MESSAGES * 3 // 4
    assert counters["statuses"] == {"201": MESSAGES * 3 // 4, "503": MESSAGES // 4}
    assert faults_of(counters) == {}
    assert counters["delivered"] == STREAMS * MESSAGES * 3 // 4


def test_messages_without_a_latency_are_counted_beside_the_percentiles(tmp_path):
    # Two messages without an answer, three refused, and a delivery of each tenth message lost.
    _, text, server = run_faulty(
        tmp_path, refuse=lambda m: {31: 0, 62: 0, 7: 429, 8: 500, 9: 503}.get(m),
        faults=lambda m, s: faulty.DROP if m % 10 == 4 and s == 0 else None)
    figures = figures_of(tmp_path)
    assert figures["lostCount"] == server.done[faulty.DROP] == MESSAGES // 10
    assert figures["refusedCount"] == 3 and figures["unansweredCount"] == 2
    # Those that did not reach all have no last recipient.
    assert figures["unfollowedCount"] == MESSAGES // 10
    said = " ".join(text.split())
    assert "not in these 10 deliveries that were lost 3 refused messages 2 messages without an answer" in said


def test_messages_that_the_generator_did_not_send_are_counted_and_no_fault(tmp_path):
    report, _, _ = run_faulty(tmp_path, greeting=b'{"type":"hello"}')
    assert report["counters"]["unmarkedFrames"] == STREAMS
    assert faults_of(report["counters"]) == {}


def test_connecting_is_measured_through_all_attempts(tmp_path):
    report, _, _ = run_faulty(tmp_path, refused_upgrades=STREAMS, delay=0.3)
    counters = report["counters"]
    assert counters["upgradeStatuses"] == {"503": STREAMS} and counters["connectsSucceeded"] == STREAMS
    assert report["latencies"]["connect"]["count"] == STREAMS
    assert report["latencies"]["connect"]["minimum"] >= 0.3e9


def test_a_message_that_reaches_its_last_recipient_long_after_others_is_followed(tmp_path):
    # One stream gets the 10th message after those of another 0.4 s.
    report, _, _ = run_faulty(
        tmp_path, faults=lambda m, s: faulty.DELAY if m == 10 and s == 3 else None, delay=0.4)
    last = report["latencies"]["lastRecipient"]
    assert last["count"] == MESSAGES and last["maximum"] >= 0.4e9
    assert figures_of(tmp_path)["unfollowedCount"] == 0


def test_delayed_messages_overtaken_by_others_are_out_of_order_and_not_lost(tmp_path):
    # 20 ms between two messages, 70 ms of delay: three others come before.
    report, _, server = run_faulty(
        tmp_path, faults=lambda m, s: faulty.DELAY if m % 20 == 5 else None, delay=0.07)
    assert faults_of(report["counters"]) == {"outOfOrder": server.done[faulty.DELAY]}
    assert report["counters"]["delivered"] == STREAMS * MESSAGES
    # A tenth of a hundred is late by the delay at least: the percentiles must show it.
    assert report["latencies"]["delivery"]["p99"] >= 70e6


def test_a_stall_shows_in_the_percentiles_although_nothing_is_sent_during_it(tmp_path):
    # A second's 200 messages: those due in the 200 ms of the stall wait for its end. A generator that waits for
    # answers before it sends again would see one slow message a second, half a percent.
    options = {"connections": 2, "rate": 200, "warm-up": 0, "duration": 4, "drain": 3, "in-flight": 1, "posters": 1}
    report, _, _ = run_faulty(tmp_path, options=options, stall=(1.0, 0.2))
    delivery = report["latencies"]["delivery"]
    assert delivery["count"] == 2 * 200 * 4
    slow = sum(count for nanoseconds, count in delivery["buckets"] if nanoseconds >= 20e6)
    assert slow >= 0.1 * delivery["count"], "a fifth of the messages was due during stalls"
    assert delivery["p99"] >= 150e6
    # The one posting connection had no answer during the stalls: some fifth of the requests found it busy.
    assert 0.1 * 800 <= report["generator"]["allPostersBusyCount"] <= 800
    assert faults_of(report["counters"]) == {}


def without_times(counters):
    return {name: value for name, value in counters.items() if value}


def test_two_processes_count_what_one_counts(tmp_path):
    def drop(message, stream):
        return faulty.DROP if message % 10 == 4 and stream == 2 else None

    options = {**SMALL, "shops": 4}
    one, _, _ = run_faulty(tmp_path, "many-shops", drop, options)
    two, _, _ = run_faulty(tmp_path, "many-shops", drop, {**options, "processes": 2})
    assert two["generator"]["processCount"] == 2 and len(two["generator"]["reactors"]) == 4
    assert without_times(one["counters"]) == without_times(two["counters"])
    assert one["counters"]["lost"] > 0
    for name in ("delivery", "post", "connect", "firstRecipient", "lastRecipient"):
        assert one["latencies"][name]["count"] == two["latencies"][name]["count"], name
    for report in (one, two):
        for figure in ("offered", "sent", "answered"):
            assert sum(second[figure] for second in report["seconds"]) == MESSAGES


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupt_gives_the_report_so_far(tmp_path, processes):
    path = tmp_path / "report.json"
    with FaultyServer() as server:
        process = subprocess.Popen(
            [str(find_binary("shopload")), "run", "one-shop", "--url", server.url, "--secret", SECRET, "--connections",
             "5", "--rate", "100", "--duration", "60", "--report", str(path), "--processes", str(processes)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until(lambda: sum(server.messages.values()) >= 200, 30, "messages come")
            # A terminal sends it to all processes of its foreground.
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()
    report = json.loads(path.read_text())["report"]
    counters = report["counters"]
    assert faults_of(counters) == {}
    assert 200 <= counters["requestsSent"] < 6_000
    assert counters["delivered"] == 5 * counters["requestsSent"]
    assert report["scenario"]["phases"]["steadySeconds"] < 60
    assert report["generator"]["processCount"] == processes


def test_tokens_of_a_file_are_sent_instead(tmp_path):
    path = tmp_path / "tokens.csv"
    path.write_text("load-poster,one\nload-user-0,two\n")
    with FaultyServer() as server:
        report, _ = shopload.run(
            tmp_path, server.url, "one-shop", "--tokens", str(path),
            **{**SMALL, "connections": 5, "duration": 1})
    assert server.tokens == {"POST": {"Bearer one"}, "GET": {"Bearer two"}}
    assert report["counters"]["delivered"] == 5 * 50


@pytest.mark.parametrize("url", ["http://192.0.2.1:80", "http://example.org", "https://192.0.2.1:443", "127.0.0.1:1"])
def test_shopload_connects_to_nothing_but_loopback(url):
    done = subprocess.run(
        [str(find_binary("shopload")), "run", "idle", "--url", url], capture_output=True, text=True, timeout=20)
    assert done.returncode == 64
    assert "--url" in done.stderr


SCENARIOS = [
    ("idle", {"connections": 50}),
    ("one-shop", {"connections": 100, "rate": 50}),
    ("many-shops", {"connections": 100, "rate": 50, "processes": 2, "writers": 3}),
    ("wide", {"connections": 50, "rate": 100, "arrival": "poisson"}),
    ("hot-and-cold", {"connections": 130, "rate": 50}),
    ("churn", {"connections": 50, "rate": 50}),
    ("storm", {"connections": 100, "rate": 50}),
    ("catch-up", {"connections": 50, "rate": 100}),
    ("rest", {"rate": 50}),
    ("mixed", {"connections": 50, "rate": 50}),
]


@pytest.mark.parametrize("scenario, options", SCENARIOS, ids=[name for name, _ in SCENARIOS])
def test_the_real_server_loses_nothing_in_any_scenario(tmp_path, serve, scenario, options):
    population = {name: options[name] for name in ("connections",) if name in options}
    server = serve(
        shops=0, members=shopload.members(scenario, **population), store="memory:",
        # In a storm a user's streams reconnect before the server has noticed their ends.
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0", "WEBSOCKET_MAX_CONNECTIONS_PER_USER": "50"},
    )  # fmt: skip
    report, text = shopload.run(
        tmp_path, server.url(), scenario, **{"warm-up": 0.2, "duration": 2, "drain": 5, **options},
        **{"server-pid": server.process.pid})
    counters = report["counters"]
    assert faults_of(counters) == {}, text
    assert counters["delivered"] + counters["caughtUp"] == counters["expectedDeliveries"]
    assert (counters["caughtUp"] > 0) == (scenario == "catch-up")
    assert counters["connectsRefused"] == 0 and counters["disconnectsByError"] == {}
    assert set(counters["statuses"]) <= {"201"}
    streams = report["scenario"]["connectionCount"]
    assert counters["connectsSucceeded"] >= streams
    if scenario != "idle":
        assert counters["requestsSent"] == counters["statuses"]["201"] > 0
    if scenario in ("storm", "churn"):
        assert counters["connectsSucceeded"] > streams
    if scenario == "catch-up":
        assert counters["connectsSucceeded"] == streams + streams // 10
    if scenario == "storm":
        assert counters["connectsSucceeded"] == 2 * streams
    assert len(report["server"]["samples"]) >= 2
    assert kind_of(tmp_path) not in MISSED, text


def test_messages_that_a_list_leaves_out_are_lost(tmp_path):
    # Two of twenty streams leave for the second quarter of the run and read by REST what they missed.
    options = {**SMALL, "connections": 20, "shops": 1, "rate": 100, "writers": 2}
    with FaultyServer(omit=lambda message: message % 50 == 30) as server:
        report, _ = shopload.run(tmp_path, server.url, "catch-up", **options)
    counters = report["counters"]
    # Each asks three times, as what one list does not have may be in the next.
    assert server.lists == 2 * 3
    # Of 200 messages those of the second quarter, 50 to 100 or so, were missed: the 80th is in them.
    assert faults_of(counters) == {"lost": 2}
    assert counters["connectsSucceeded"] == 22


def test_slow_readers_are_not_counted_as_losses_and_harm_no_other_stream(tmp_path, serve):
    options = {"connections": 20, "shops": 1}
    server = serve(
        shops=0, members=shopload.members("slow", **options), store="memory:",
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0", "WEBSOCKET_SEND_BUFFER_MESSAGES": "16"},
    )  # fmt: skip
    report, _ = shopload.run(
        tmp_path, server.url(), "slow", **options,
        # 8 MB for each stream: more than the buffers of its sockets hold.
        **{"rate": 100, "bytes": 16_000, "writers": 4, "duration": 5, "drain": 10, "warm-up": 0})
    counters = report["counters"]
    assert faults_of(counters) == {}
    # Two streams of twenty do not read, until the server ends them; one may have no room for the reason.
    ends = {**counters["disconnectsByCloseCode"], **counters["disconnectsByError"]}
    assert sum(ends.values()) == 2 and ends["4408"] >= 1
    sent = counters["requestsSent"]
    assert sent == 500 and 18 * sent <= counters["delivered"] < 20 * sent
    # What they did not read in time has no latency, and the run does not wait for them.
    assert report["latencies"]["delivery"]["count"] == 18 * sent
    assert report["latencies"]["lastRecipient"]["count"] == sent
    assert kind_of(tmp_path) not in MISSED


def test_a_lack_of_members_shows_as_refused_upgrades_and_ends_the_run(tmp_path, serve):
    server = serve(shops=0, members=[("load-shop-0", "load-poster", "member")], store="memory:")
    report, _ = shopload.run(
        tmp_path, server.url(), "one-shop", status=1, **{"connections": 3, "rate": 10, "duration": 60})
    counters = report["counters"]
    assert counters["connectsSucceeded"] == counters["requestsSent"] == 0
    # Three attempts each.
    assert counters["upgradeStatuses"] == {"403": counters["connectsRefused"]} == {"403": 3 * 3}
    assert counters["statuses"] == {}


def test_a_server_that_is_not_there_ends_the_run(tmp_path):
    report, _ = shopload.run(
        tmp_path, f"http://127.0.0.1:{free_port()}", "one-shop", status=1, **{"connections": 3, "duration": 60})
    assert report["counters"]["connectErrors"] == {"ECONNREFUSED": 9}
    assert report["counters"]["disconnectsByError"] == {}


def test_workers_end_with_their_leader(tmp_path):
    with FaultyServer() as server:
        leader = subprocess.Popen(
            [str(find_binary("shopload")), "run", "one-shop", "--url", server.url, "--secret", SECRET, "--connections",
             "4", "--rate", "100", "--duration", "60", "--processes", "2"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: sum(server.messages.values()) > 50, 30, "messages come")
        children = pathlib.Path(f"/proc/{leader.pid}/task/{leader.pid}/children").read_text().split()
        assert len(children) == 2
        leader.kill()
        leader.wait(10)
        for child in children:
            wait_until(lambda: not is_running(child), 20, "the worker ends")


def is_running(process):
    """Whether there is such a process, and it is no zombie."""
    try:
        return " Z " not in f" {pathlib.Path(f'/proc/{process}/stat').read_text().rpartition(')')[2]} "
    except FileNotFoundError:
        return False


def test_events_of_the_second_protocol_are_judged_alike(tmp_path, serve):
    options = {"connections": 20}
    server = serve(shops=0, members=shopload.members("one-shop", **options), store="memory:")
    report, _ = shopload.run(
        tmp_path, server.url(), "one-shop", **options,
        **{"protocol": "shopstream.v2", "rate": 20, "duration": 1, "warm-up": 0})
    counters = report["counters"]
    assert faults_of(counters) == {}
    assert counters["delivered"] == 20 * 20


def test_histograms_agree_with_the_messages_that_a_scenario_file_asks_for(tmp_path, serve):
    path = tmp_path / "evening.scenario"
    path.write_text("base = one-shop\ngroup = 1 10 20\ngroup = 3 2 30\nwarm-up = 0.5\nduration = 1.5\nbytes = 64\n")
    server = serve(shops=0, members=shopload.members(str(path)), store="memory:")
    report, _ = shopload.run(tmp_path, server.url(), str(path), **{"html": tmp_path / "report.html"})
    assert report["scenario"]["connectionCount"] == 16 and report["scenario"]["shopCount"] == 4
    counters = report["counters"]
    assert counters["requestsSent"] == 2 * 50
    assert counters["delivered"] == 2 * (20 * 10 + 30 * 2)
    # Only what was meant for the steady part is measured.
    assert report["latencies"]["delivery"]["count"] == counters["delivered"] * 3 // 4
    assert report["latencies"]["post"]["count"] == 75
    groups = [group["count"] for group in report["latencies"]["deliveryByGroup"]]
    assert groups == [20 * 10 * 3 // 2, 30 * 2 * 3 // 2]
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and os.path.getsize(tmp_path / "report.html") > 1_000
