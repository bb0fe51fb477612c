"""The page notices a connection that fell silent: a socket that looks open proves nothing."""

import signal
import threading

import pytest
from support.demopage import STATE, live, shows
from support.proxy import Proxy
from support.server import Server

# The page waits a minute before it doubts a silent stream. Such waits pass fifteen times as fast here, which is still
# longer than the page gives a stream to deliver what REST has shown; shorter waits pass as they are.
HURRY = """
    const patient = window.setTimeout;
    window.setTimeout = (action, milliseconds, ...more) =>
        patient(action, milliseconds >= 60_000 ? milliseconds / 15 : milliseconds, ...more);"""
# The states that the page went through, in order.
HISTORY = """
    window.states = [];
    addEventListener("DOMContentLoaded", () => {
        const status = document.querySelector("#status");
        new MutationObserver(() => states.push(status.dataset.state))
            .observe(status, { attributes: true, attributeFilter: ["data-state"] });
    });"""


@pytest.fixture
def demo(tmp_path):
    server = Server(tmp_path, args=["--demo"]).start()
    yield server
    if server.is_alive():
        server.signal(signal.SIGCONT)
    server.end()
    print(server.log_tail())


@pytest.fixture
def proxy(demo):
    proxy = Proxy(demo.port)
    yield proxy
    proxy.end()


def test_the_page_gives_up_a_silent_server_and_messages_of_that_time_arrive_once(browser, demo):
    tab = browser.open(demo.url("/?user=grace"), before=HURRY)
    live(tab)
    expected = [demo.post("demo", "ada", f"before {number}")["message"] for number in range(3)]
    shows(tab, expected)
    demo.signal(signal.SIGSTOP)
    # The kernel accepts this post. The server answers it later, and publishes to streams that the page gave up.
    author = threading.Thread(target=demo.post, args=("demo", "ada", "while it was silent"))
    author.start()
    tab.wait_for(f"{STATE} === 'waiting'", 30, "the page gave the connection up")
    demo.signal(signal.SIGCONT)
    author.join(20)
    expected.append("while it was silent")
    expected.append(demo.post("demo", "ada", "after")["message"])
    live(tab)
    shows(tab, expected)
    assert tab.evaluate("problems") == []


@pytest.mark.plain  # the proxy looks into what it passes on
def test_a_dead_connection_is_replaced_though_the_server_answers(browser, demo, proxy):
    tab = browser.open(proxy.url("/?user=grace"), before=HURRY + HISTORY)
    live(tab)
    expected = [demo.post("demo", "ada", "before")["message"]]
    shows(tab, expected)
    proxy.silence_streams()
    expected.append(demo.post("demo", "ada", "into the void")["message"])
    shows(tab, expected)  # by REST: the page asked what it may have missed
    tab.wait_for("states.slice(states.indexOf('live') + 1).includes('live')", 30, "the page is live on another stream")
    expected.append(demo.post("demo", "ada", "on the new line")["message"])
    shows(tab, expected)
    assert tab.evaluate("problems") == []


@pytest.mark.plain  # the proxy looks into what it passes on
def test_silence_alone_causes_a_check_and_no_reconnect(browser, demo, proxy):
    tab = browser.open(proxy.url("/?user=grace"), before=HURRY + HISTORY)
    live(tab)
    looks = "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('since=')).length"
    tab.wait_for(f"{looks} >= 3", 30, "the page checked its connection twice")
    assert tab.evaluate("states.filter((state) => state === 'live').length") == 1
    assert tab.evaluate("states.includes('waiting')") is False
    shows(tab, [])
