"""`/readyz` answers from what the server knows: a probe, however often it comes, costs the store and the log nothing.
A locked file is in test_locked_store.py."""

import collections

import pytest
import requests
from support.deadline import wait_until
from support.postgres import migrated

PROBE_COUNT = 500


def probe(server):
    """Statuses of many probes, one after the other."""
    statuses = collections.Counter()
    with requests.Session() as session:
        for _ in range(PROBE_COUNT):
            statuses[session.get(server.url("/readyz"), timeout=10).status_code] += 1
    return statuses


@pytest.fixture
def database():
    with migrated(log_statement="'all'") as postgres:
        yield postgres


def test_probes_make_no_queries_and_no_lines_on_postgres(serve, database):
    server = serve(shops=1, store=database.uri, args=["--log-level", "trace"])
    statements = database.folder / "data" / "server.log"
    if not statements.exists():
        statements = database.folder / "server.log"

    def ping_count():
        return statements.read_text(errors="replace").count("pg_is_in_recovery")

    wait_until(lambda: ping_count() > 0, what="the server's own checks are in the log")
    lines, pings = len(server.log().splitlines()), ping_count()
    assert probe(server) == {200: PROBE_COUNT}
    assert ping_count() - pings < PROBE_COUNT / 4, "a check a second is the server's own"
    assert len(server.log().splitlines()) - lines < PROBE_COUNT / 4
    database.stop()
    wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 20, "not ready")
    lines = len(server.log().splitlines())
    assert probe(server) == {503: PROBE_COUNT}
    # The connections that are tried again have some.
    assert len(server.log().splitlines()) - lines < PROBE_COUNT / 4
