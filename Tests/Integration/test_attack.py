"""Good streams beside attackers of all kinds (Benchmarks/Attack), a small run: they lose nothing and stay open.

How late their messages are depends on the machine and is not asserted.
"""

import json
import os
import subprocess
import sys

import pytest
from support.server import ROOT, find_binary

SCALE = 0.1
GOOD_STREAMS = 100


@pytest.mark.timeout(240)
def test_good_streams_beside_attackers_lose_nothing_and_stay_open(tmp_path):
    report = tmp_path / "attack.json"
    done = subprocess.run(
        [sys.executable, "-B", str(ROOT / "Benchmarks/Attack/attack.py"), "--scale", str(SCALE), "--seconds", "5",
         "--rate", "30", "--reactors", "2", "--bin", str(find_binary()), "--shopload", str(find_binary("shopload")),
         "--report", str(report)],
        env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=220,
    )  # fmt: skip
    print(done.stdout + done.stderr)
    assert report.exists()
    found = json.loads(report.read_text())
    for phase in ("quiet", "attacked"):
        assert found[phase]["faults"] == {}, phase
        assert found[phase]["closed"] == {}, phase
        assert found[phase]["opened"] == GOOD_STREAMS, phase
        assert set(found[phase]["statuses"]) == {"201"}, phase
    # All kinds of attackers did attack.
    attackers = " ".join(found["attackers"])
    for kind in ("half-open", "idle connections: 200", "lists", "slow readers: 101", "uploads"):
        assert kind in attackers, kind
