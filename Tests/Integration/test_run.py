"""`tools/run` as its reader uses it: two tabs, the pasted line, Ctrl-C; without TLS and with it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest
from support.browser import Browser
from support.deadline import wait_until
from support.demopage import live, shows
from support.server import ROOT, find_binary, free_port

LAST_LINE = "Ctrl-C stops the server"


class Run:
    """`tools/run --no-build` in a process group of its own, as a terminal would have it, with more options."""

    def __init__(self, folder, *options):
        self.port = free_port()
        self.lines = []
        environment = {**os.environ, "SHOPSTREAM_BIN": str(find_binary()), "DEMO_FOLDER": str(folder / "demo")}
        self.process = subprocess.Popen(
            [str(ROOT / "tools" / "run"), "--no-build", "--port", str(self.port), *options],
            env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
            # As a terminal has it. A background job ignores SIGINT, and a shell cannot trap what it was started to ignore.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def output(self):
        return "".join(self.lines)

    def printed(self):
        """The output of the script, once it is complete."""
        wait_until(lambda: LAST_LINE in self.output or self.process.poll() is not None, 60, "tools/run says what to try")
        assert self.process.poll() is None, self.output
        return self.output

    def end(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended, and its server with it
        self.process.wait()


@pytest.fixture
def start_run(tmp_path):
    started = []

    def start(*options):
        started.append(Run(tmp_path, *options))
        return started[-1]

    yield start
    for run in started:
        run.end()
        print(run.output)


@pytest.fixture
def run(start_run):
    return start_run()


def addresses(text):
    return re.findall(r"^ +(https?://\S+/\?user=\S+)$", text, re.MULTILINE)


def curl_line(text):
    """The pasted command: its first line and those that a backslash joins to it."""
    return re.search(r"^ +(curl (?:.*\\\n)*.*)$", text, re.MULTILINE).group(1)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_printed_addresses_open_two_tabs_and_the_printed_command_reaches_both(run, browser, artifacts):
    text = run.printed()
    tabs = [browser.open(address) for address in addresses(text)]
    assert len(tabs) == 2
    for tab in tabs:
        live(tab)
    pasted = subprocess.run(["bash", "-c", curl_line(text)], capture_output=True, text=True, timeout=20)
    assert pasted.returncode == 0, pasted.stderr
    assert json.loads(pasted.stdout)["data"]["message"] == "Hello from curl"
    for tab in tabs:
        shows(tab, ["Hello from curl"])
        assert tab.evaluate("problems") == []
    for tab, name in zip(tabs, ("ada", "grace")):
        tab.screenshot(artifacts / f"run-{name}.png")
    os.killpg(run.process.pid, signal.SIGINT)  # what Ctrl-C does
    assert run.process.wait(timeout=15) == 0
    assert not listens(run.port)


def test_messages_are_still_there_the_next_time(start_run, browser):
    for texts in (["Hello from curl"], ["Hello from curl"] * 2):
        run = start_run()
        subprocess.run(["bash", "-c", curl_line(run.printed())], check=True, timeout=20)
        tab = browser.open(addresses(run.output)[0])
        shows(tab, texts)
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.process.wait(timeout=15) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_script_alone_ends_its_server_too(run, number):
    run.printed()
    run.process.send_signal(number)
    assert run.process.wait(timeout=15) == 0
    assert not listens(run.port)


def test_with_tls_the_printed_addresses_and_commands_work(start_run, tmp_path, artifacts):
    run = start_run("--tls")
    text = run.printed()
    key_hash = re.search(r"--ignore-certificate-errors-spki-list='(\S+)'", text).group(1)
    browser = Browser(tmp_path / "browser", key_hash)
    watcher = None
    try:
        tabs = [browser.open(address) for address in addresses(text)]
        assert [tab.evaluate("location.protocol") for tab in tabs] == ["https:"] * 2
        for tab in tabs:
            live(tab)
        line = re.search(r"^ +(\S+ python3 -m websockets '[^']+')", text, re.MULTILINE).group(1)
        assert " 'wss://" in line
        watcher = subprocess.Popen(
            ["bash", "-c", "exec env " + line.replace("python3", f"{sys.executable} -u")], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "Connected to wss://" in watcher.stdout.readline()
        pasted = subprocess.run(["bash", "-c", curl_line(text)], capture_output=True, text=True, timeout=20)
        assert pasted.returncode == 0, pasted.stderr
        assert json.loads(pasted.stdout)["data"]["message"] == "Hello from curl"
        while "Hello from curl" not in (shown := watcher.stdout.readline()):
            assert shown, "the connection ended"
        for tab in tabs:
            shows(tab, ["Hello from curl"])
            assert tab.evaluate("problems") == []
        tabs[0].screenshot(artifacts / "run-tls.png")
    finally:
        browser.end()
        if watcher:
            watcher.kill()
            watcher.wait()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.process.wait(timeout=15) == 0
    assert not listens(run.port)


def test_the_certificate_is_the_same_the_next_time(start_run, tmp_path):
    found = []
    for _ in range(2):
        run = start_run("--tls")
        run.printed()
        found.append((tmp_path / "demo" / "tls" / "certificate.pem").read_bytes())
        assert (tmp_path / "demo" / "tls" / "key.pem").stat().st_mode & 0o077 == 0, "the key is its owner's alone"
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.process.wait(timeout=15) == 0
    assert found[0] == found[1]


def test_settings_of_the_caller_make_no_server_with_tls(monkeypatch, start_run):
    monkeypatch.setenv("SHOPSTREAM_TLS_CERTIFICATE", "/nowhere")
    assert addresses(start_run().printed())[0].startswith("http://")
