"""`tools/bench changes` at a small scale: no change loses a message that was acknowledged."""

import json
import subprocess
import sys

import pytest
from support.server import ROOT


@pytest.mark.timeout(180)
def test_no_change_loses_an_acknowledged_message(tmp_path):
    done = subprocess.run(
        [sys.executable, "-B", str(ROOT / "Benchmarks/Changes/changes.py"), "--streams", "200", "--shops", "20",
         "--rate", "50", "--window", "2", "--quiet-seconds", "1", "--json", str(tmp_path / "changes.json")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=170,
    )  # fmt: skip
    print(done.stdout + done.stderr)
    assert done.returncode == 0
    found = json.loads((tmp_path / "changes.json").read_text())
    assert found["is_good"] and found["faults"] == {} and found["not_back"] == 0
    # The upgrade and the drain end every stream once each; the certificate and the keys end none.
    assert found["ends"] == {"1012": 400}
    assert found["parts"]["certificate"]["reconnects"] == found["parts"]["key rotation"]["reconnects"] == 0
    assert found["caught_up"] > 0
