"""The pages that the load generator writes, in a real browser on a desk and on a telephone."""

import subprocess

import pytest
from support import shopload
from support.browser import Browser
from support.server import find_binary
from support.tokens import SECRET

STREAMS = {"connections": 40, "shops": 4}
SECONDS = {"duration": 3, "warm-up": 1, "drain": 5}
PLOTS = [
    "Delivery latency by percentile", "Delivery latency over time", "Messages a second",
    "First and last recipient of a broadcast", "Open streams", "Connecting", "The generator's own lateness",
    "The server's CPU", "The server's CPU for each delivery", "The server's memory",
]  # fmt: skip
SCREENS = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844, "mobile": True, "dark": True}}
TITLES = "[...document.querySelectorAll('figure h3')].map((title) => title.textContent)"
# Each plot is drawn twice, for broad and for narrow pages; one of the two is shown.
SHOWN = """[...document.querySelectorAll('figure')].map((figure) =>
    [...figure.querySelectorAll('.plot')].filter((plot) => plot.checkVisibility()).length)"""
# What sticks out of a page to the right, unless it is in an element that scrolls.
BEYOND = """[...document.querySelectorAll('main *')].filter((e) => !e.closest('.scroll') &&
    e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.tagName + '.' + e.className)"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.end()


@pytest.fixture
def server(serve):
    return serve(
        shops=0, members=shopload.members("many-shops", **STREAMS), store="memory:",
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"},
    )  # fmt: skip


def check(browser, page, artifacts, *plots):
    """Opens a page on both screens, and sees to it that all of it can be read there. `plots` are the lists of titles
    that it may have."""
    for name, screen in SCREENS.items():
        tab = browser.open(page.as_uri(), **screen)
        assert tab.evaluate("innerWidth") == screen["width"]
        tab.screenshot(artifacts / f"{page.stem}-{name}.png", whole=True)
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert tab.evaluate(BEYOND) == [], name
        assert tab.evaluate(TITLES) in plots
        assert set(tab.evaluate(SHOWN)) <= {1}, "one drawing of each plot"
        assert tab.evaluate("problems") == []
        yield tab


def test_the_page_of_a_run(tmp_path, server, browser, artifacts):
    page = tmp_path / "report.html"
    shopload.run(
        tmp_path, server.url(), "many-shops", **STREAMS, **SECONDS,
        **{"rate": 40, "html": page, "server-pid": server.process.pid, "hold": 1, "commit": "v1.2-3-gabc"})
    for tab in check(browser, page, artifacts, PLOTS):
        order = tab.evaluate("[...document.querySelector('main').children].map((e) => e.className || e.tagName)")
        assert order[:6] == ["kind", "H1", "origin", order[3], "card facts", "tiles"]
        assert order[3].startswith("card verdict"), "the verdict comes before all figures"
        top = tab.evaluate("document.querySelector('.origin').textContent + document.querySelector('.facts').textContent")
        for fact in ("Linux ", "RLIMIT_NOFILE", "shopload 1, commit v1.2-3-gabc", "shopload run many-shops"):
            assert fact in top
        assert SECRET not in tab.evaluate("document.documentElement.outerHTML")


def test_the_page_of_a_comparison(tmp_path, server, browser, artifacts):
    for name in "abc":
        (tmp_path / name).mkdir()
        shopload.run(
            tmp_path / name, server.url(), "many-shops", **STREAMS, **{**SECONDS, "duration": 2}, rate=20,
            **{"server-pid": server.process.pid})
    a, b, c = (str(tmp_path / name / "report.json") for name in "abc")
    # Rounds enough for intervals; the second of each is another run of the same.
    first, second = ",".join([a, c] * 4), ",".join([b] * 8)
    page = tmp_path / "comparison.html"
    subprocess.run(
        [str(find_binary("shopload")), "compare", first, second, "--html", str(page)], check=True, capture_output=True,
        timeout=30)
    for tab in check(browser, page, artifacts, []):
        # A verdict is a sentence: it has room.
        widths = tab.evaluate("[...document.querySelectorAll('.compare th small')].map((e) => e.clientWidth)")
        assert widths and min(widths) >= 250
        # A figure that is 0 on one side, as the CPU of a short run may be, has no ratio to draw.
        assert 1 <= tab.evaluate("document.querySelectorAll('.compare svg').length") <= len(widths)


def test_the_page_of_a_search_for_the_capacity(tmp_path, serve, browser, artifacts):
    page = tmp_path / "capacity.html"
    command = [
        str(find_binary("shopload")), "capacity", "many-shops", "--streams", "20,40", "--members-per-shop", "10",
        "--members-per-shop-grid", "5", "--p99", "2000", "--rate-min", "100", "--rate-max", "200",
    ]  # fmt: skip
    members = subprocess.run([*command, "--print-members"], check=True, capture_output=True, text=True, timeout=30)
    server = serve(
        shops=0, members=[tuple(line.split(",")) for line in members.stdout.splitlines()], store="memory:",
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"},
    )  # fmt: skip
    done = subprocess.run(
        [*command, "--duration", "2", "--warm-up", "0", "--drain", "2", "--url", server.url(), "--secret", SECRET,
         "--server-pid", str(server.process.pid), "--connections", "100", "--messages", "10", "--quiet", "--html", page],
        capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    # A busy machine may keep the generator from every rate: then there is no knee to draw.
    for tab in check(browser, page, artifacts, ["Knees", "Latency under load"], ["Latency under load"], []):
        assert "shopload capacity" in tab.evaluate("document.querySelector('pre').textContent")
