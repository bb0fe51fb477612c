"""`tools/run --postgres`."""

import os
import re
import signal
import subprocess

import pytest
import requests
from support.postgres import Postgres
from support.server import ROOT, find_binary, free_port


@pytest.fixture
def database():
    postgres = Postgres()
    yield postgres
    postgres.remove()


def test_run_migrates_the_database_that_it_is_given_and_keeps_messages_there(database, tmp_path):
    port = free_port()
    run = subprocess.Popen(
        [str(ROOT / "tools/run"), "--no-build", "--port", str(port), "--postgres", database.uri], cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SHOPSTREAM_BIN": str(find_binary()), "DEMO_FOLDER": str(tmp_path)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said = ""
        while "Ctrl-C stops the server" not in said:
            line = run.stdout.readline()
            assert line, f"it ended with {run.wait(10)}:\n{said}"
            said += line
        token = re.search(r"Bearer (\S+)'", said).group(1)
        answer = requests.post(
            f"http://127.0.0.1:{port}/api/v1/shops/messages", timeout=10,
            headers={"Authorization": f"Bearer {token}"}, json={"shop_id": "demo", "message": "Hello from a test"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        assert database.sql("SELECT user_id, message FROM shop_messages WHERE message = 'Hello from a test'") == [
            ["ada", "Hello from a test"]
        ]
    finally:
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 0


def test_run_says_why_it_cannot_use_a_database(database):
    database.stop()
    run = subprocess.run(
        [str(ROOT / "tools/run"), "--no-build", "--port", str(free_port()), "--postgres", database.uri], cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SHOPSTREAM_BIN": str(find_binary())}, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert run.returncode != 0 and "the database could not be migrated" in run.stderr
