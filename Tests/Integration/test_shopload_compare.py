"""`shopload compare`, of servers whose difference is known."""

import json
import math
import subprocess

from support import faultyserver as faulty
from support import shopload
from support.faultyserver import FaultyServer
from support.server import find_binary, free_port
from support.tokens import SECRET

LOAD = ["--scenario", "one-shop", "--connections", "10", "--rate", "40", "--bytes", "300", "--warm-up", "0",
        "--duration", "2.1", "--drain", "5", "--rounds", "3", "--secret", SECRET, "--quiet"]  # fmt: skip


def compare(folder, *arguments, status=0, timeout=90):
    path = folder / "comparison.json"
    done = subprocess.run(
        [str(find_binary("shopload")), "compare", *map(str, arguments), "--report", str(path)], capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=timeout,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(path.read_text()) if status == 0 else None, done.stdout + done.stderr


def verdict(text, name):
    """What the text says below a figure's row."""
    lines = text.splitlines()
    row = next(index for index, line in enumerate(lines) if line.startswith(name))
    return lines[row + 1].strip()


def ratio(comparison, name):
    measure = next(measure for measure in comparison["measures"] if measure["name"] == name)
    return math.exp(sum(math.log(b / a) for a, b in zip(measure["a"], measure["b"])) / len(measure["a"]))


def test_a_server_against_itself_is_noise(tmp_path, serve):
    server = serve(
        shops=0, members=shopload.members("one-shop", connections=10), store="memory:",
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"},
    )  # fmt: skip
    page = tmp_path / "comparison.html"
    comparison, text = compare(
        tmp_path, server.url(), server.url(), *LOAD, "--html", page, "--name-a", "old", "--name-b", "new",
        "--commit-a", "abc1234", "--commit-b", "def5678", "--pid-a", server.process.pid, "--pid-b", server.process.pid)
    # One comparison of fifty takes chance for a difference, but not for a large one.
    noise = ("the difference is noise", "there is no difference")
    assert verdict(text, "delivery p50").startswith(noise) or 1 / 3 < ratio(comparison, "delivery p50") < 3, text
    assert verdict(text, "deliveries").startswith(noise) or 0.8 < ratio(comparison, "deliveries") < 1.25, text
    assert "A: old (commit abc1234); B: new (commit def5678)" in " ".join(text.split())
    assert [run["commit"] for run in comparison["provenance"]] == ["abc1234", "def5678"]
    assert all(len(measure["a"]) == len(measure["b"]) == 3 for measure in comparison["measures"])
    assert not any("lost" in warning or "refused" in warning for warning in comparison["warnings"])
    assert "def5678" in page.read_text()


def test_a_server_that_delays_is_found_to_be_slower(tmp_path):
    with FaultyServer() as quick, FaultyServer(faults=lambda message, stream: faulty.DELAY, delay=0.3) as slow:
        comparison, text = compare(tmp_path, quick.url, slow.url, *LOAD, "--name-a", "quick", "--name-b", "slow")
    assert verdict(text, "delivery p50").startswith("quick is faster by"), text
    assert ratio(comparison, "delivery p50") > 2
    assert "of comparisons" in " ".join(text.split())


def test_a_server_that_loses_messages_is_in_doubt(tmp_path):
    def drop(message, stream):
        return faulty.DROP if message % 10 == 4 and stream == 2 else None

    with FaultyServer() as whole, FaultyServer(faults=drop) as broken:
        comparison, text = compare(tmp_path, whole.url, broken.url, *LOAD, "--rounds", "1", "--name-b", "broken")
    assert any(warning.startswith("broken, round 1: ") and "lost" in warning for warning in comparison["warnings"])
    assert text.index("warning: broken, round 1") < text.index("delivery p50")


def test_a_side_that_accepts_no_stream_ends_the_comparison(tmp_path):
    with FaultyServer() as server:
        _, text = compare(tmp_path, server.url, f"http://127.0.0.1:{free_port()}", *LOAD, status=64)
    assert "B: no stream could be opened" in text


def test_reports_of_different_loads_are_not_compared(tmp_path):
    with FaultyServer() as server:
        files = []
        for rate in (20, 40):
            folder = tmp_path / str(rate)
            folder.mkdir()
            shopload.run(
                folder, server.url, "one-shop", **{"connections": 4, "rate": rate, "warm-up": 0, "duration": 2.1})
            files.append(folder / "report.json")
    compare(tmp_path, files[0], files[0])
    _, text = compare(tmp_path, *files, status=1)
    assert "rate" in text and "not the same load" in text
