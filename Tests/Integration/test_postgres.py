"""PostgreSQL as the store: end to end, its schema, and its faults. An answer is always true, and always comes."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import threading
import time

import pytest
from support.catchup import Client, ForeignWriter, Writer, drop_and_rejoin
from support.deadline import wait_until
from support.postgres import Postgres
from support.seeds import seeded
from support.streams import open_stream, receive

LOAD_SECONDS = int(os.environ.get("SHOPSTREAM_TEST_LOAD_SECONDS", 30))


@pytest.fixture(scope="module")
def cluster():
    postgres = Postgres(max_connections=40)
    assert postgres.migrate().returncode == 0
    yield postgres
    postgres.remove()


@pytest.fixture
def database(cluster):
    """The cluster, running and without what the last test left."""
    cluster.run("pg_ctl", "-D", "data", "-w", "-s", "-l", "server.log", "start", check=False)
    cluster.sql(
        "TRUNCATE shops, shop_members, shop_messages, shop_images, shopstream_member_imports;"
        " DROP TRIGGER IF EXISTS fault ON shop_messages"
    )
    return cluster


@pytest.fixture
def server(serve, database):
    return serve(shops=4, store=database.uri)


class Writers:
    """Posts from several threads until `finish`; knows the answer to each post."""

    def __init__(self, server, count=6):
        self.server = server
        self.answers = []  # (text, status, seconds)
        self.stopping = threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(count)
        self.futures = [self.pool.submit(self.write, number) for number in range(count)]

    def write(self, writer):
        shop = self.server.shops[writer % len(self.server.shops)]
        number = 0
        while not self.stopping.is_set():
            text = f"writer {writer} number {number}"
            began = time.monotonic()
            answer = self.server.try_post(shop.id, shop.admin, text)
            self.answers.append((text, answer.status_code, time.monotonic() - began))
            if answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) >= 1
            number += 1

    def count(self, status):
        return sum(1 for _, found, _ in list(self.answers) if found == status)

    def finish(self):
        self.stopping.set()
        for future in self.futures:
            future.result(timeout=60)
        self.pool.shutdown()
        return self.answers


def check_answers(database, answers):
    """What was answered 201 is there once, nothing is there twice, and every answer was 201 or 503."""
    rows = database.sql("SELECT message, count(*) FROM shop_messages GROUP BY message")
    stored = {text: int(count) for text, count in rows}
    assert all(count == 1 for count in stored.values())
    assert {status for _, status, _ in answers} <= {201, 503}
    missing = [text for text, status, _ in answers if status == 201 and text not in stored]
    assert not missing
    assert max(seconds for _, _, seconds in answers) < 14


def go_on(writers, more=50):
    """Waits until `more` writes have succeeded from here on."""
    enough = writers.count(201) + more
    wait_until(lambda: writers.count(201) >= enough, 40, "writes succeed again")


# End to end


def test_a_post_becomes_a_row_and_a_frame(server, database):
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        message = shop.post("Grüße 👋 'quoted' \\ and all")
        assert receive(stream) == message
    rows = database.sql(
        "SELECT id, shop_id, user_id, message, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
        " is_edited FROM shop_messages"
    )
    assert rows == [[message["id"], shop.id, shop.admin, message["message"], message["created_at"], "f"]]
    assert shop.list() == [message]


def test_messages_survive_the_server_and_keep_their_order(server):
    shop = server.shops[1]
    posted = [shop.post(f"number {number}") for number in range(30)]
    assert server.terminate() == 0
    server.start()
    assert shop.list() == posted
    assert shop.list(since=posted[9]["created_at"]) == posted[10:]


def test_a_server_stops_with_connections_open(server, database):
    server.shops[0].post("something")
    assert server.terminate() == 0
    wait_until(lambda: database.sql(f"SELECT count(*) {database.SERVERS}") == [["0"]], 10, "its connections are gone")


def test_tls_is_as_the_connection_string_says(serve, tmp_path):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            "server.key", "-out", "server.crt", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")  # fmt: skip
    postgres = Postgres()
    try:
        for name in ("server.key", "server.crt"):
            target = postgres.folder / "data" / name
            shutil.copy(tmp_path / name, target)
            target.chmod(0o600)
            shutil.chown(target, postgres.user and postgres.user.pw_uid)
        with open(postgres.folder / "data" / "postgresql.conf", "a") as configuration:
            configuration.write("ssl = on\n")
        (postgres.folder / "data" / "pg_hba.conf").write_text(
            "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n"
        )
        postgres.restart()
        assert postgres.migrate().returncode == 0
        uri = postgres.uri.replace("127.0.0.1", "localhost") + f"?sslmode=verify-full&sslrootcert={tmp_path}/server.crt"
        server = serve(shops=1, store=uri)
        shop = server.shops[0]
        # Large enough that a page of them fills many TLS records.
        posted = [shop.post(f"{number} " + "x" * 15_000) for number in range(40)]
        assert shop.list() == posted
        assert postgres.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                            "WHERE application_name LIKE 'shopstream%'") == [["t"]]  # fmt: skip
        # The certificate is another host's.
        refused = serve(shops=1, ready=False, store=uri.replace("localhost", "127.0.0.1")).launch()
        assert refused.wait() == 74 and "certificate" in refused.log()
    finally:
        postgres.remove()


# The schema


def test_migrate_is_done_once_and_a_dry_run_prints_its_statements():
    postgres = Postgres()
    try:
        dry = postgres.migrate("--dry-run")
        assert dry.returncode == 0 and "CREATE TABLE IF NOT EXISTS shop_messages" in dry.stdout
        assert postgres.sql("SELECT to_regclass('shops')") == [[""]]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            runs = list(pool.map(lambda _: postgres.migrate(), range(4)))
        assert [run.returncode for run in runs] == [0] * 4, [run.stderr for run in runs]
        assert sorted(run.stdout.strip() == "up to date" for run in runs) == [False, True, True, True]
        assert postgres.migrate("--dry-run").stdout.strip() == "up to date"
    finally:
        postgres.remove()


def test_a_server_refuses_a_database_that_was_not_migrated(serve):
    postgres = Postgres()
    try:
        server = serve(ready=False, store=postgres.uri).launch()
        assert server.wait() == 74
        assert "run `shopstream migrate`" in server.log()
    finally:
        postgres.remove()


# Faults


def test_a_restart_of_the_database_loses_nothing_and_hangs_no_client(server, database):
    for mode in ("fast", "immediate"):
        writers = Writers(server)
        go_on(writers)
        database.restart(mode)
        go_on(writers)
        check_answers(database, writers.finish())
        database.sql("DELETE FROM shop_messages")


def test_readiness_follows_the_database(server, database):
    database.stop()
    wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 15, "not ready")
    shop = server.shops[0]
    answer = server.try_post(shop.id, shop.admin, "nobody home")
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert server.request("GET", "/healthz").status_code == 200
    database.start()
    wait_until(lambda: server.request("GET", "/readyz").status_code == 200, 15, "ready again")
    # Each reactor has its own connections, and readiness is that of one.
    wait_until(lambda: shop.server.try_post(shop.id, shop.admin, "welcome back").status_code == 201, 15, "a write")


def test_backends_that_are_terminated_with_requests_in_flight_lose_nothing(server, database):
    writers = Writers(server)
    for _ in range(10):
        go_on(writers, 20)
        assert database.terminate_backends() > 0
    go_on(writers)
    check_answers(database, writers.finish())


def test_the_metrics_show_the_states_of_the_connections(server, database):
    def metrics():
        return {name.partition("{")[0]: value for name, value in server.metrics().items()}

    def are_ready():
        return (server.metric("shopstream_database_connections_ready") == server.metric("shopstream_database_connections")
                > 0 and server.metric("shopstream_database_listening") == 1)  # fmt: skip

    wait_until(are_ready, 15, "all connections are ready")
    assert server.metric("shopstream_database_connections_lost_total") == 0
    database.stop()
    wait_until(lambda: server.metric("shopstream_database_connections_ready") == 0, 15, "none is ready")
    assert metrics()["shopstream_database_listening"] == 0
    database.start()
    wait_until(are_ready, 15, "they are ready again")
    assert server.metric("shopstream_database_connections_lost_total") > 0
    assert metrics()["shopstream_database_gaps_total"] > 0
    server.shops[0].post("one")
    assert metrics()["shopstream_store_batch_messages_max"] == 1 and metrics()["shopstream_store_commits_total"] == 1
    assert metrics()["shopstream_database_pending_writes"] == 0


def test_a_lock_on_the_table_is_answered_busy_and_goes_by(server, database):
    holder = database.session("BEGIN; LOCK TABLE shop_messages IN ACCESS EXCLUSIVE MODE")
    shop = server.shops[0]
    answer = server.try_post(shop.id, shop.admin, "waits")
    assert answer.status_code == 503 and answer.json()["code"] == "storage_busy"
    holder.communicate("ROLLBACK;\n", timeout=10)
    shop.post("goes on")
    assert [message["message"] for message in shop.list()] == ["goes on"]


def test_a_full_disk_fails_the_rows_that_meet_it_and_no_other(server, database):
    database.sql("""
        CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.message LIKE '%7' THEN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END IF;
            RETURN NEW; END $$;
        CREATE TRIGGER fault BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION fault();
    """)
    writers = Writers(server, 8)
    go_on(writers, 200)
    answers = writers.finish()
    check_answers(database, answers)
    assert all((status == 503) == text.endswith("7") for text, status, _ in answers)


def test_a_failed_commit_is_not_answered_as_success(server, database):
    database.sql("""
        CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$;
        CREATE CONSTRAINT TRIGGER fault AFTER INSERT ON shop_messages DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.message = 'bad') EXECUTE FUNCTION fault();
    """)
    shop = server.shops[0]
    answer = server.try_post(shop.id, shop.admin, "bad")
    assert answer.status_code == 503 and answer.json()["code"] == "storage_full"
    shop.post("good")
    assert [message["message"] for message in shop.list()] == ["good"]


def test_warnings_that_other_services_raise_are_not_logged(server, database):
    database.sql("""
        CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE WARNING 'somebody else''s trigger'; RETURN NEW; END $$;
        CREATE TRIGGER fault BEFORE INSERT ON shop_messages FOR EACH ROW EXECUTE FUNCTION fault();
    """)
    shop = server.shops[0]
    shop.post("raises a warning")
    assert database.terminate_backends() > 0
    wait_until(lambda: server.try_post(shop.id, shop.admin, "after the goodbye").status_code == 201, 15, "a write")
    for line in server.log().splitlines():
        assert json.loads(line)["level"], line


def test_no_connection_left_is_answered_as_unavailable_and_survived(server, database):
    writers = Writers(server, 3)
    go_on(writers)
    holders = database.exhaust()
    try:
        # From here on no server can write: the last that did has been answered.
        wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 20, "not ready")
        before, refused = writers.count(201), writers.count(503)
        wait_until(lambda: writers.count(503) >= refused + 10, 40, "answers")
        assert writers.count(201) == before
        assert database.ask(holders[0], f"SELECT count(*) {database.SERVERS}") == "0"
        for holder in holders:
            holder.communicate("", timeout=10)
        go_on(writers)
        check_answers(database, writers.finish())
    finally:
        writers.stopping.set()
        for holder in holders:
            holder.kill()


def test_streams_stay_open_while_the_database_is_away(server, database):
    answered, refused = {shop.id: [] for shop in server.shops}, set()

    def post(shop, text):
        answer = server.try_post(shop.id, shop.admin, text)
        if answer.status_code == 201:
            answered[shop.id].append(answer.json()["data"])
        else:
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
            refused.add(text)
        return answer.status_code == 201

    with contextlib.ExitStack() as stack:
        streams = [
            (shop, stack.enter_context(open_stream(server, shop.id, user)))
            for shop in server.shops for user in (shop.admin, shop.member)
        ]  # fmt: skip
        for mode in ("fast", "immediate"):
            for shop in server.shops:
                assert post(shop, f"before {mode}")
            database.stop(mode)
            wait_until(lambda: server.request("GET", "/readyz").status_code == 503, 20, "not ready")
            for shop in server.shops:
                assert not post(shop, f"nobody home {mode}")
            database.start()
            wait_until(lambda: server.request("GET", "/readyz").status_code == 200, 20, "ready again")
            numbers = itertools.count()
            for shop in server.shops:
                wait_until(lambda: post(shop, f"after {mode} {next(numbers)}"), 20, "a write")
        assert server.open_streams() == len(streams)
        for shop in server.shops:
            assert post(shop, "the end")
        for shop, stream in streams:
            # A refused message may have been stored all the same. Then it is published, once like every other.
            frames = []
            while not frames or frames[-1]["message"] != "the end":
                frames.append(receive(stream))
            texts = [frame["message"] for frame in frames]
            assert len(texts) == len(set(texts))
            assert [frame for frame in frames if frame["message"] not in refused] == answered[shop.id]


@pytest.mark.timeout(LOAD_SECONDS + 60)
def test_a_client_misses_nothing_beside_other_writers_and_a_restart_of_the_database(serve, database):
    server = serve(shops=1, store=database.uri, env={"WEBSOCKET_CONNECT_ATTEMPTS_PER_MINUTE": "0"})
    shop, chance = server.shops[0], seeded()
    ends = time.monotonic() + LOAD_SECONDS
    writers = [Writer(shop, type(chance)(chance.getrandbits(32)), ends, statuses=[503]) for _ in range(3)]
    foreign = ForeignWriter(shop, database, type(chance)(chance.getrandbits(32)), ends)
    restart = threading.Timer(LOAD_SECONDS / 2, database.restart)
    restart.start()
    try:
        drop_and_rejoin(Client(shop, overlap=10, statuses=[503]), [*writers, foreign], chance)
    finally:
        restart.join()
