"""`shopstream top`: the live view in a terminal."""

import os
import re
import signal
import subprocess
from urllib.parse import quote

import pytest
from support.certificates import TLS
from support.deadline import wait_until
from support.liveview import ENV, figures, metrics_port, top, top_environment
from support.pseudoterminal import PseudoTerminal
from support.server import free_port
from support.streams import open_stream, receive
from support.terminalpicture import save_picture
from support.tokens import ADMIN_SECRET


def once(server, *arguments, url=None, **env):
    return subprocess.run(
        top("--once", "--interval", "0.2", "--url", url or server.url(), *arguments),
        env=top_environment(server, **env), capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def terminal():
    """Opens programs in terminals; they are ended after the test."""
    opened = []

    def open_terminal(server, *arguments, **options):
        command = top("--url", server.url(), "--interval", "0.2", *arguments)
        opened.append(PseudoTerminal(command, top_environment(server), **options))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def row(text, name):
    """The words of the table's row that begins with a name."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [name])


def test_once_prints_a_table_without_escapes(serve):
    server = serve(env=ENV)
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        shop.post("x")
        receive(stream)
        run = once(server)
        assert (run.returncode, run.stderr) == (0, "") and "\x1b" not in run.stdout
        assert row(run.stdout, "Streams")[1:] == ["1", "in", "1", "shops"]
        assert row(run.stdout, "SHOP") == ["SHOP", "STREAMS", "DELIVERIES"]
        assert row(run.stdout, shop.id) == [shop.id, "1", "0/s"], "both documents list the shop"
        assert re.search(r"^ready, development, (uring|epoll), sqlite, CPU \d+ %, memory \d", run.stdout, re.MULTILINE)
        assert len(re.findall(r"^ +[01] +\d+ +\d+ +\d+ % ", run.stdout, re.MULTILINE)) == 2, "a row for each reactor"


def test_once_over_https(secure_server, secure_shop):
    # The server of this fixture has no live view: the answer shows that the connection was accepted.
    run = once(secure_server)
    assert (run.returncode, run.stdout) == (69, "") and "SHOPSTREAM_ADMIN_SECRET enables it" in run.stderr
    untrusted = once(secure_server, SSL_CERT_FILE="/dev/null")
    assert untrusted.returncode == 69 and "certificate" in untrusted.stderr


def test_once_over_https_shows_the_figures(serve, authority):
    server = serve(env=ENV, tls=TLS(authority, authority.issue()))
    run = once(server)
    assert (run.returncode, run.stderr) == (0, "") and row(run.stdout, "Streams")[1:] == ["0", "in", "0", "shops"]


def test_once_by_the_metrics_listener(serve):
    server = serve(env={**ENV, "SHOPSTREAM_METRICS_LISTEN": "127.0.0.1:0"})
    run = once(server, url=f"http://127.0.0.1:{metrics_port(server)}/")
    assert run.returncode == 0 and row(run.stdout, "Streams")


def test_what_goes_wrong_is_said_in_one_line(serve, tmp_path):
    server = serve(env=ENV)
    secret = {"SHOPSTREAM_ADMIN_SECRET": ""}
    assert once(server, "--secret", ADMIN_SECRET, **secret).returncode == 0
    for arguments, env, status, text in (
        ((), secret, 78, "SHOPSTREAM_ADMIN_SECRET is missing"),
        ((), {"SHOPSTREAM_ADMIN_SECRET": "another-secret-of-it"}, 77, "the secret is not the server's"),
        (("--secret", "short"), {}, 64, "the secret is not one"),
        (("--interval", "0"), {}, 64, "--interval"),
    ):
        run = once(server, *arguments, **env)
        assert run.returncode == status and text in run.stderr and run.stdout == "", run.stderr
    for url, status in ((f"http://127.0.0.1:{free_port()}", 69), ("127.0.0.1", 64)):
        run = once(server, url=url)
        assert run.returncode == status and run.stderr.count("\n") == 1, run.stderr
    piped = subprocess.run(
        top("--url", server.url()), env=top_environment(server), capture_output=True, text=True, timeout=30,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert piped.returncode == 64 and "--once" in piped.stderr
    path = tmp_path / "secret"
    path.write_text(ADMIN_SECRET + "\n")
    assert once(server, SHOPSTREAM_ADMIN_SECRET="", SHOPSTREAM_ADMIN_SECRET_FILE=str(path)).returncode == 0


def test_a_terminal_is_drawn_follows_its_size_and_is_restored_by_q(serve, terminal, browser, tmp_path, artifacts):
    evil = "shop \u202e<b>é店"  # after this mark of direction, text would run backwards
    server = serve(shops=8, members=[(evil, "ada", "admin")], env={**ENV, "SHOPSTREAM_WRITES_PER_SECOND": "0"})
    shop = server.shops[0]
    streams = [open_stream(server, other.id, other.member) for other in server.shops]
    streams += [open_stream(server, quote(evil), "ada") for _ in range(2)]
    try:
        top = terminal(server)
        top.wait_for(lambda screen: "Streams       10 in 9 shops" in screen.text, "the streams are shown")
        assert "shop \ufffd<b>é店" in top.screen.text
        assert top.screen.is_alternate and not top.screen.is_cursor_shown
        assert top.screen.lines[-1] == "q ends" and not top.is_restored()
        def is_latency_shown(screen):
            # The shop's deliveries are of the last 0.2 s, as is the latency.
            shop.post("a message")
            busiest = rf"^SHOP .*\n{shop.id} +1 +[\d.]*[1-9][\d.]*/s$"
            return re.search(r"Latency       p50 [\d.]+ (µs|ms)", screen.text) and re.search(
                busiest, screen.text, re.MULTILINE)

        top.wait_for(is_latency_shown, "the latency is shown, and the busiest shop first")
        save_picture(browser, top.screen, tmp_path, artifacts / "top.png")
        streams.append(open_stream(server, shop.id, shop.member))
        top.wait_for(lambda screen: re.search(rf"^{shop.id} +2 +[\d.]+/s$", screen.text, re.MULTILINE), "a new stream is shown")
        # Smaller, and larger: the last row is the help, and no line is wider (which the screen asserts).
        for columns, rows in ((50, 14), (132, 40)):
            top.resize(columns, rows)
            top.wait_for(lambda screen: screen.lines[-1] == "q ends", "the screen is drawn in its new size")
        save_picture(browser, top.screen, tmp_path, artifacts / "top-large.png")
        top.press(b"xq")
        assert top.end() == 0 and top.is_restored()
    finally:
        for stream in streams:
            stream.close()


@pytest.mark.parametrize("end,status", [
    (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGINT, 128 + signal.SIGINT), (signal.SIGHUP, 128 + signal.SIGHUP),
    (b"\x03", 0),
])  # fmt: skip
def test_a_terminal_is_restored_by_signals_and_by_control_c(serve, terminal, end, status):
    top = terminal(serve(env=ENV))
    top.wait_for(lambda screen: "Streams" in screen.text, "the figures are shown")
    assert not top.is_restored()
    if isinstance(end, bytes):
        top.press(end)
    else:
        top.process.send_signal(end)
    assert top.end() == status and top.is_restored()


def test_a_restart_of_the_server_is_shown_and_followed(serve, terminal, browser, tmp_path, artifacts):
    server = serve(env=ENV)
    top = terminal(server)
    top.wait_for(lambda screen: "CPU –" not in screen.text and "Streams" in screen.text, "the rates are shown")
    started_at = figures(server)["started_at"]
    server.kill()
    top.wait_for(lambda screen: "No answer, these are old figures" in screen.text, "the loss is shown")
    save_picture(browser, top.screen, tmp_path, artifacts / "top-lost.png")
    server.start()
    assert figures(server)["started_at"] != started_at
    top.wait_for(
        lambda screen: "No answer" not in screen.text and "CPU –" not in screen.text, "the new server is shown"
    )
    top.press(b"q")
    assert top.end() == 0 and top.is_restored()


def test_q_ends_it_while_the_server_hangs(serve, terminal):
    server = serve(env=ENV)
    top = terminal(server)
    top.wait_for(lambda screen: "Streams" in screen.text, "the figures are shown")
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        top.wait_for(lambda screen: "no answer in time" in screen.text, "the hang is shown", 20)
        top.press(b"q")
        assert top.end() == 0 and top.is_restored()
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    wait_until(lambda: figures(server), what="the server goes on")
