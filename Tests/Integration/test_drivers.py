"""Where io_uring is missing or forbidden, the server uses epoll and says so. If io_uring is required, it names the cause
and the remedy, and exits with its own status."""

import contextlib
import errno
import json
import pathlib
import re
import subprocess
import sys

import pytest
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import Server, find_binary
from support.streams import open_stream, receive

EX_UNAVAILABLE = 69
FOLDER = pathlib.Path(__file__).parent
SETTING = pathlib.Path("/proc/sys/kernel/io_uring_disabled")


def start_forbidden(tmp_path, errno_value, prefix=()):
    """Starts the server where `io_uring_setup` fails with this errno and is required; its status and what it wrote."""
    server = Server(tmp_path, env={"SHOPSTREAM_DRIVER": "uring"})
    command = [*prefix, sys.executable, "-m", "support.seccomp", str(errno_value), str(find_binary()), *server.args]
    run = subprocess.run(
        command, env={**server.env, "PYTHONPATH": str(FOLDER)}, capture_output=True, text=True, timeout=30
    )
    assert run.stdout == ""
    return run.returncode, run.stderr


def one_line(text):
    lines = [line for line in text.splitlines() if "shopstream:" in line]
    assert len(lines) == 1, text
    return lines[0]


def test_a_kernel_without_io_uring_is_named(tmp_path):
    status, text = start_forbidden(tmp_path, errno.ENOSYS)
    assert status == EX_UNAVAILABLE
    line = one_line(text)
    assert "io_uring is missing" in line and "6.7" in line
    assert "listening" not in text


def test_a_seccomp_profile_that_forbids_io_uring_is_named(tmp_path):
    if SETTING.exists() and SETTING.read_text().strip() != "0":
        pytest.skip("kernel.io_uring_disabled is set here: that is what would be named")
    status, text = start_forbidden(tmp_path, errno.EPERM)
    assert status == EX_UNAVAILABLE
    line = one_line(text)
    assert "seccomp" in line and "io_uring_setup" in line


def test_a_kernel_that_forbids_io_uring_by_its_setting_is_named(tmp_path):
    # The setting is the whole machine's: in a mount namespace of its own the server reads another value of it.
    value = tmp_path / "io_uring_disabled"
    value.write_text("2\n")
    script = f'mount --bind "{value}" {SETTING} && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
    if not SETTING.exists() or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here, or no such setting in this kernel")
    status, text = start_forbidden(tmp_path, errno.EPERM, prefix)
    assert status == EX_UNAVAILABLE
    line = one_line(text)
    assert "kernel.io_uring_disabled is 2" in line and "sysctl" in line


def test_a_kernel_too_old_for_the_rings_flags_is_named(tmp_path):
    status, text = start_forbidden(tmp_path, errno.EINVAL)
    assert status == EX_UNAVAILABLE
    assert "kernel" in one_line(text)


# With epoll instead

AUTOMATIC = {"SHOPSTREAM_DRIVER": "auto", "PYTHONPATH": str(FOLDER)}
FORBIDDEN = (sys.executable, "-B", "-m", "support.seccomp")


def events(server):
    return [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]


def driver(server):
    """The driver that the log names once the server listens."""
    wait_until(lambda: any(line["message"] == "listening" for line in events(server)), what="it listens")
    return next(line["driver"] for line in events(server) if line["message"] == "listening")


def reason(server):
    """What the log says about the driver; None when it says nothing yet."""
    lines = [line for line in events(server) if line["message"] == "epoll is used, as io_uring cannot be"]
    return lines[0]["reason"] if lines else None


@pytest.mark.parametrize(
    ("errno_value", "words"),
    [(errno.ENOSYS, "io_uring is missing"), (errno.EPERM, "forbidden"), (errno.EINVAL, "the kernel")],
)
def test_epoll_is_used_where_io_uring_cannot_be(serve, errno_value, words):
    server = serve(prefix=(*FORBIDDEN, str(errno_value)), env=AUTOMATIC)
    wait_until(lambda: reason(server), what="the log says why")
    assert words in reason(server)
    assert driver(server) == "epoll"
    shop = server.shops[0]
    stream = open_stream(server, shop.id, shop.member)
    sent = shop.post("by epoll")
    assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0


def test_strace_sees_no_ring_where_seccomp_refuses_it(serve, tmp_path):
    trace = tmp_path / "trace"
    calls = "io_uring_setup,io_uring_enter,io_uring_register,epoll_create1,epoll_ctl,accept4"
    # With -D the tracer is a process beside, and this one becomes the server.
    prefix = ("strace", "-D", "-f", "-q", "-e", f"trace={calls}", "-o", str(trace), *FORBIDDEN, str(errno.EPERM))
    server = serve(prefix=prefix, env=AUTOMATIC)
    shop = server.shops[0]
    stream = open_stream(server, shop.id, shop.member)
    sent = shop.post("traced")
    assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0
    wait_until(lambda: "+++ exited with 0 +++" in trace.read_text(), what="the tracer has written all")
    text = trace.read_text()
    setups = re.findall(r"io_uring_setup\(.*\) += (.*)", text)
    assert setups and all(result.startswith("-1 EPERM") for result in setups)
    assert "io_uring_enter" not in text and "io_uring_register" not in text
    assert len(re.findall(r"epoll_create1\(.*\) += \d+", text)) >= 2
    assert re.search(r"accept4\(.*\) += \d+", text)


@pytest.mark.parametrize("name", ["uring", "epoll"])
def test_the_driver_is_the_one_that_is_named(serve, name):
    server = serve(env={"SHOPSTREAM_DRIVER": name})
    assert driver(server) == name
    assert reason(server) is None


def test_reactors_on_epoll_share_the_descriptors_of_the_process(serve):
    # 600 less 160 for what is no connection: 220 for each reactor, of which 27 are kept for transfers.
    limited = ("prlimit", "--nofile=600")
    server = serve(prefix=limited, env={"SHOPSTREAM_DRIVER": "epoll"})
    with contextlib.ExitStack() as open_ones:
        held = []
        while len(held) < 300:
            client = open_ones.enter_context(RawSocket(server))
            client.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.response()[0] == 200
            held.append(client)
        # Files of the store and of images are still opened.
        shop = server.shops[0]
        stream = open_stream(server, shop.id, shop.member)
        sent = shop.post("between many")
        assert receive(stream)["id"] == sent["id"]
    assert server.terminate() == 0


def test_too_few_descriptors_for_the_reactors_on_epoll_are_named(tmp_path):
    server = Server(tmp_path, env={"SHOPSTREAM_DRIVER": "epoll"})
    run = subprocess.run(
        ["prlimit", "--nofile=300", str(find_binary()), *server.args], env=server.env, capture_output=True, text=True,
        timeout=30,
    )  # fmt: skip
    assert run.returncode == 71
    assert "sharing 300 descriptors between 2 reactors met a limit" in one_line(run.stderr)


def test_an_unknown_driver_is_refused(tmp_path):
    server = Server(tmp_path, env={"SHOPSTREAM_DRIVER": "kqueue"})
    run = subprocess.run([str(find_binary()), *server.args], env=server.env, capture_output=True, text=True, timeout=30)
    assert run.returncode == 78
    assert one_line(run.stderr) == "shopstream: SHOPSTREAM_DRIVER='kqueue' cannot be used: auto or uring or epoll"
