"""The log's formats, and the one that is chosen when no setting does."""

import json
import os
import pty
import re
import subprocess

import pytest

from support.deadline import wait_until
from support.server import find_binary


def first_line(server):
    """The line that names the address: a thread of its own writes it, perhaps after the first answer."""

    def line():
        return next((line for line in server.log().splitlines() if "listening" in line), None)

    return wait_until(line, 10, "the line is written")


def test_a_pipe_or_a_file_gets_json(serve):
    server = serve()
    line = json.loads(first_line(server))
    assert line["message"] == "listening" and line["level"] == "notice" and line["reactors"] == "2"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("logfmt", r"time=\S+Z level=notice message=listening address=127\.0\.0\.1:\d+ driver=\w+ mode=development "),
        ("text", r"\S+Z NOTICE listening  address=127\.0\.0\.1:\d+ driver=\w+ mode=development "),
    ],
)
def test_a_setting_chooses_another_format(serve, name, pattern):
    server = serve(env={"SHOPSTREAM_LOG_FORMAT": name})
    assert re.match(pattern, first_line(server))
    assert "\x1b" not in server.log()


def test_a_terminal_gets_coloured_text(serve):
    server = serve(ready=False)
    terminal, end = pty.openpty()
    try:
        server.process = subprocess.Popen([str(find_binary()), *server.args], env=server.env, stderr=end)
        os.close(end)
        text = b""

        def is_listening():
            nonlocal text
            text += os.read(terminal, 4096)
            return b"listening" in text

        wait_until(is_listening, 20, "the server listens")
        assert b"\x1b[32mNOTICE\x1b[0m listening" in text
        assert server.terminate() == 0
    finally:
        os.close(terminal)


def test_an_unknown_format_is_refused(serve):
    server = serve(ready=False, env={"SHOPSTREAM_LOG_FORMAT": "xml"}).launch()
    assert server.wait() == 78
    assert "SHOPSTREAM_LOG_FORMAT" in server.log()
