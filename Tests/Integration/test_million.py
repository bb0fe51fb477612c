"""`tools/bench million` at a small scale: it holds streams through their pings, posts, and reports both."""

import dataclasses
import json
import pathlib
import subprocess
import sys

from support.server import find_binary

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Million"
sys.path.insert(0, str(FOLDER))
import machine  # noqa: E402
import million  # noqa: E402


def options_of(streams):
    return [
        "--streams", str(streams), "--shops", "20", "--reactors", "4", "--ping-period", "1", "--rate", "20",
        "--seconds", "2", "--bin", str(find_binary("shopstream").resolve()),
        "--shopload", str(find_binary("shopload").resolve()),
    ]  # fmt: skip


def test_streams_are_held_through_their_pings_and_receive_every_message_once(tmp_path):
    done = subprocess.run(
        [
            sys.executable, "-B", str(FOLDER / "million.py"), *options_of(2_000), "--json", str(tmp_path / "run.json"),
            "--svg", str(tmp_path / "run.svg"),
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| streams; opened; ended by the server | 2,000; 2,000; 0 |" in done.stdout
    run = json.loads((tmp_path / "run.json").read_text())
    seen = run["figures"]
    assert seen["is_good"] and run["shortage"] is None
    # 20 a second in 2 s of warm-up and 2 s of the measured part, to 100 streams each.
    assert seen["delivered"] == 20 * 4 * 100
    assert seen["pongs_per_stream"] >= million.PING_PERIODS
    for figure in ("connect_microseconds", "rest_cores", "post_cores", "delivery_microseconds", "resident_bytes"):
        assert all(value is not None for value in seen[figure].values()), figure
    assert seen["resident_bytes"]["server"] > 0
    assert len(run["samples"]) >= 7, "one a second, of a hold of 7 s alone"
    assert (tmp_path / "run.svg").read_text().startswith("<svg")


def test_a_shortage_of_memory_ends_the_run_early(monkeypatch):
    options = million.parse(options_of(100))
    monkeypatch.setattr(million.Server, "binary", options.bin)
    looks, look = [], machine.memory

    def shrinking():
        looks.append(look())
        return looks[-1] if len(looks) < 5 else dataclasses.replace(looks[-1], available=1 << 20)

    monkeypatch.setattr(machine, "memory", shrinking)
    run = million.measure(options)
    assert run.shortage == "only 1 MiB of memory were available: the run was ended"
    assert run.figures.opened == 100 and run.figures.delivered == 0
