"""`shopload capacity` against the real server, in small: that it searches, fits, plans and goes on; no time of the
machine is asserted."""

import json
import subprocess

import pytest
from support.server import find_binary, free_port
from support.tokens import SECRET

# Two numbers of streams with two rates each, and shops of another size: the fewest points that costs can be fitted to.
# Every run keeps to five seconds and none to a microsecond.
GRID = ["--streams", "40,80", "--rate-min", "200", "--rate-max", "400", "--p99", "5000,0.001",
        "--members-per-shop", "10", "--members-per-shop-grid", "5"]  # fmt: skip
RUN = ["--warm-up", "0", "--duration", "2.2", "--drain", "5", "--quiet"]
DEMAND = ["--connections", "2000000", "--messages", "50000", "--headroom", "0.4"]


def capacity(*arguments, timeout=120):
    return subprocess.run(
        [str(find_binary("shopload")), "capacity", *map(str, arguments)], capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=timeout,
    )  # fmt: skip


def observed(report):
    return [(run["point"]["connectionCount"], run["point"]["messagesPerSecond"], run["point"]["membersPerShop"])
            for run in report["observations"]]  # fmt: skip


def test_a_search_finds_knees_costs_and_a_plan_and_goes_on_from_its_report(tmp_path, serve):
    printed = capacity(*GRID, "--print-members")
    server = serve(
        shops=0, members=[tuple(line.split(",")) for line in printed.stdout.splitlines()], store="memory:",
        env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"},
    )  # fmt: skip
    path, page = tmp_path / "capacity.json", tmp_path / "capacity.html"
    command = [*GRID, *RUN, "--url", server.url(), "--secret", SECRET, "--report", path, "--html", page]
    done = capacity(*command, *DEMAND)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(path.read_text())

    # The strict objective fails at the lowest rate, by majority, and the other passes at the highest. A run that the
    # machine spoils is run again.
    assert list(dict.fromkeys(observed(report))) == [
        (40, 200, 10), (40, 400, 10), (80, 200, 10), (80, 400, 10), (40, 200, 5), (80, 200, 5),
    ]  # fmt: skip
    assert len(report["observations"]) >= 8
    assert [run["faults"] for run in report["observations"] if run["faults"]] == []
    assert [(knee["connectionCount"], knee.get("messagesPerSecond"), knee.get("failingMessagesPerSecond"))
            for knee in report["knees"]] == [(40, None, 200), (40, 400, None), (80, None, 200), (80, 400, None)]  # fmt: skip
    assert all({"processor", "memory", "generator"} <= run["shares"].keys() for run in report["observations"])
    assert "Not measured: the network, the database." in " ".join(done.stdout.split())

    measured = report["model"]["measured"]
    assert (measured["connectionCountMin"], measured["connectionCount"]) == (40, 80)
    assert measured["membersPerShopMin"] == pytest.approx(5, rel=0.3)
    assert measured["membersPerShopMax"] == pytest.approx(10, rel=0.3)
    for name in ("base", "perConnection", "perDelivery", "perMessage", "heldOutErrorMedian", "heldOutErrorMax"):
        assert report["model"]["processors"][name] >= 0, name

    plan = report["plan"]
    assert plan["nodeCount"] >= 1 and plan["decidedBy"] in ("processors", "memory", "bandwidth")
    assert {line["quantity"] for line in plan["lines"]} >= {"processors", "memory", "bandwidth"}
    for line in plan["lines"]:
        assert line["usedPerNode"] <= line["nodeHas"] * line["usableShare"] * 1.000001
        assert line["usableShare"] <= 0.6 and line["formula"]
    assert any("measured up to 80" in text for text in plan["extrapolations"])
    assert any("no knee was found" in text for text in plan["extrapolations"])
    for part in ("Knees", "Costs", "Plan:", "deliveries/s ×", "extrapolated"):
        assert part in done.stdout, part
    assert "<strong>Extrapolated</strong>" in page.read_text()

    # Another demand needs no other run, nor the server.
    server.end()
    again = capacity(*command, "--connections", "100", "--messages", "30", "--headroom", "0")
    assert again.returncode == 0, again.stderr
    planned = json.loads(path.read_text())
    assert observed(planned) == observed(report) and planned["provenance"] == report["provenance"]
    assert planned["plan"]["demand"]["connectionCount"] == 100

    # Runs with other messages are another experiment.
    before = path.read_bytes()
    other = capacity(*command, "--bytes", "300")
    assert other.returncode == 64 and "differ in bytes" in other.stderr
    assert path.read_bytes() == before


def test_a_file_that_is_no_capacity_report_is_left_unchanged(tmp_path):
    path = tmp_path / "notes.json"
    path.write_text('{"mine": true}')
    done = capacity(*GRID, "--url", f"http://127.0.0.1:{free_port()}", "--report", path)
    assert done.returncode == 64 and "left as it is" in done.stderr
    assert path.read_text() == '{"mine": true}'


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (["--connections", "1000"], "--connections and --messages"),
        (["--messages", "1000"], "--connections and --messages"),
        (["one-shop", *DEMAND], "--members-per-shop"),
        ([*DEMAND], "--server-pid"),  # nothing listens there, so there is no process to watch
        (["--streams", "0"], "--streams"),
        ([*DEMAND, "--headroom", "1"], "headroom"),
    ],
)  # fmt: skip
def test_a_demand_that_cannot_give_a_plan_is_refused_before_any_run(arguments, reason):
    done = capacity(*arguments, "--url", f"http://127.0.0.1:{free_port()}", timeout=20)
    assert done.returncode == 64 and reason in done.stderr, done.stderr
