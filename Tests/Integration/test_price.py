"""The programs behind `tools/bench price` do what its figures rest on, with a server of each kind."""

import argparse
import os
import pathlib
import sys

import pytest

from support.deadline import wait_until
from support.server import find_binary

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks" / "Price"))
import awake  # noqa: E402
import idle  # noqa: E402
import price  # noqa: E402
import pump  # noqa: E402

import peers  # noqa: E402

OPTIONS = argparse.Namespace(server_processor=None, load_processor="0", bytes=500, seconds=1, quick=True)


@pytest.fixture(scope="module")
def programs():
    if not peers.Floor.is_available():
        pytest.skip("there is no compiler of C")
    peers.Floor.build()
    pump.build()
    peers.Shopstream.binary = find_binary("shopstream").resolve()


@pytest.fixture(params=[peers.Shopstream, peers.Floor], ids=lambda kind: kind.name)
def kind(programs, request):
    return request.param


def test_the_pump_opens_streams_and_posts_to_their_shops(kind):
    with idle.started(kind, 50, None, None, shops=50) as (_, load):
        assert load.open(30)["opened"] == 30
        assert load.open(20)["opened"] == 50
        for _ in range(2):
            done = load.post(0.1, 4, 500)
            assert done["refused"] == 0
            assert done["delivered"] == done["answered"] > 0


def test_the_pump_opens_streams_one_at_a_time_and_at_a_pace(kind):
    with idle.started(kind, 40, None, None) as (_, load):
        assert load.open(20, opening=1)["opened"] == 20
        done = load.open(20, pace=100)
        assert done["opened"] == 40
        assert done["seconds"] >= 0.18, "the last of 20 begins 0.19 s after the first"


def test_a_refused_stream_ends_the_run(kind):
    with idle.started(kind, 2, None, None) as (server, load):
        load.open(1)
        server.process.kill()
        server.process.wait()
        with pytest.raises(peers.PeerError):
            load.open(1)


def test_the_memory_of_idle_streams_is_measured(kind):
    sizes = idle.measure(kind, idle.STORM, OPTIONS, first=20, last=60, rest_seconds=0.1)
    assert 0 < sizes.empty <= sizes.at_first
    assert sizes.rested is not None


def test_a_processor_is_kept_awake_by_a_loop_that_ends():
    processor = str(min(os.sched_getaffinity(0)))
    with awake.kept_awake([processor], 60) as (loop,):
        wait_until(lambda: os.sched_getscheduler(loop.pid) == os.SCHED_IDLE, what="a loop of the lowest priority")
        assert os.sched_getaffinity(loop.pid) == {int(processor)}
    assert loop.returncode < 0


def test_the_cost_of_a_delivery_is_measured(programs):
    options = argparse.Namespace(**vars(OPTIONS), shopload=find_binary("shopload"))
    values = price.Load("few", "many-shops", 5, 4, 50).run(peers.Floor, options)
    assert 0 < values[price.CPU_DELIVERY].number < 100_000
    assert 0 < values[price.P50].number < 1_000_000
