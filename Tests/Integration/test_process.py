"""What the environment does to a process: a log without a reader, signals, closed descriptors."""

import ctypes
import errno
import os
import platform
import signal
import struct
import subprocess

import pytest
import requests
from support.deadline import wait_until
from support.rawsocket import RawSocket
from support.server import find_binary
from support.streams import close_code, open_stream, receive
from support.tokens import token
from support.tracing import stopped_thread


def launch(server, stderr, prefix=()):
    server.process = subprocess.Popen(
        [*prefix, str(find_binary()), *server.args], env=server.env, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=stderr,
    )  # fmt: skip

    def ready():
        assert server.process.poll() is None, f"the server ended with {server.process.returncode}"
        try:
            return requests.get(server.url("/readyz"), timeout=2).status_code == 200
        except requests.RequestException:
            return False

    wait_until(ready, 20, "the server is ready")


def test_a_full_log_pipe_stops_neither_requests_nor_the_end(serve):
    server = serve(ready=False, args=["--log-level", "trace"])
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writing, True)
    try:
        launch(server, writing)  # its first line finds no room
        shop = server.shops[0]
        with open_stream(server, shop.id, shop.member) as stream:
            for number in range(20):
                server.signal(signal.SIGHUP)  # a line each
                message = shop.post(f"{number}")
                assert receive(stream) == message
                assert server.request("GET", "/healthz").status_code == 200
            server.signal(signal.SIGTERM)
            assert close_code(stream) == 1001
        assert server.wait(10) == 0
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPIPE",
                                  "SIGXFSZ", "SIGRTMIN", "SIGRTMAX"])  # fmt: skip
def test_a_signal_that_stops_nothing_leaves_streams_open(serve, name):
    server = serve()
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        server.signal(getattr(signal, name))
        assert receive_after_post(shop, stream)
    assert server.terminate() == 0


def receive_after_post(shop, stream):
    message = shop.post("still there")
    return receive(stream) == message


@pytest.mark.parametrize("name", ["SIGQUIT", "SIGXCPU", "SIGPWR"])
def test_other_signals_that_end_a_process_drain_it(serve, name):
    server = serve()
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        server.signal(getattr(signal, name))
        assert close_code(stream) == 1001
    assert server.wait(10) == 0


def test_sighup_reads_the_members_file_again(serve):
    server = serve()
    shop = server.shops[0]
    assert server.try_post(shop.id, "newcomer", "x").status_code == 403
    with open(server.folder / "members.csv", "a") as file:
        file.write(f"{shop.id},newcomer,member\n")
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.try_post(shop.id, "newcomer", "x").status_code == 201, 12, "the new line counts")
    (server.folder / "members.csv").write_text("no members file\n")
    server.signal(signal.SIGHUP)
    wait_until(lambda: "the members file cannot be used" in server.log(), what="the bad file is reported")
    assert server.try_post(shop.id, "newcomer", "x").status_code == 201  # a member that the file no longer names stays
    assert server.terminate() == 0


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_descriptors_get_dev_null(serve, closed):
    server = serve(ready=False)
    launch(server, subprocess.DEVNULL, prefix=("/bin/sh", "-c", f'exec "$@" {closed}', "sh"))
    for number in range(3):
        target = os.readlink(f"/proc/{server.process.pid}/fd/{number}")
        assert target == "/dev/null", f"descriptor {number} is {target}"
    server.shops[0].post("stored, not overwritten by the log")
    assert server.terminate() == 0


def test_a_stop_that_hangs_ends_the_process_with_70(serve):
    server = serve(reactors=2)
    with stopped_thread(server.process.pid, "reactor-1") as thread_ended:
        server.signal(signal.SIGTERM)
        thread_ended()
    assert server.wait(10) == 70
    assert "the process is ended" in server.log()


def test_a_second_signal_cuts_connections_off(serve):
    server = serve(reactors=1)
    shop = server.shops[0]
    with RawSocket(server, seconds=20) as raw:
        # A request that does not arrive as a whole holds the stop up.
        raw.begin_after_answer(
            f"POST /api/v1/shops/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(shop.admin)}\r\n"
            "Content-Length: 100\r\n\r\n{".encode()
        )
        server.signal(signal.SIGTERM)

        # Signals within a second of the first one count as that one.
        def hastened():
            if server.is_alive():
                server.signal(signal.SIGTERM)
            return "a second signal asks for it" in server.log()

        wait_until(hastened, 10, "a second signal counts")
        assert server.wait(10) == 0
        assert "they did not end in time" not in server.log(), "the stop did not take its own time"


def test_a_second_server_on_the_same_file_is_refused_with_the_holder(serve, tmp_path):
    first = serve()
    second = serve(ready=False, store=first.store).launch()
    assert second.wait(15) == 74
    assert f"process {first.process.pid} " in second.log() and "--takeover" in second.log()
    link = tmp_path / "link.sqlite"
    link.symlink_to(first.store.removeprefix("sqlite:"))
    third = serve(ready=False, store=f"sqlite:{link}").launch()
    assert third.wait(15) == 74
    subprocess.run([str(find_binary()), "member", "add", first.shops[0].id, "zoe", "--store", first.store], env=first.env,
                   check=True, timeout=15)  # fmt: skip
    first.shops[0].post("unharmed")
    first.kill()
    first.start()  # the kernel gave the lock up


def test_a_restart_does_not_bring_back_removed_members(serve):
    server = serve()
    shop = server.shops[0]
    for arguments in (["remove", shop.id, shop.member], ["add", shop.id, shop.admin, "--role", "member"]):
        subprocess.run([str(find_binary()), "member", *arguments, "--store", server.store], env=server.env, check=True,
                       timeout=15)  # fmt: skip
    assert server.terminate() == 0
    server.start()
    assert server.try_post(shop.id, shop.member, "x").status_code == 403
    listed = subprocess.run([str(find_binary()), "member", "list", shop.id, "--store", server.store], env=server.env,
                            check=True, timeout=15, capture_output=True, text=True).stdout  # fmt: skip
    assert listed == f"{shop.id},{shop.admin},member\n"


def test_metrics_in_production_answer_this_machine_only(serve):
    server = serve(env={"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"})
    assert server.request("GET", "/metrics").status_code == 200
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        answer = server.request("GET", "/metrics", headers={name: "203.0.113.7"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    proxied = serve(env={"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example",
                         "SHOPSTREAM_TRUSTED_PROXIES": "127.0.0.1"})  # fmt: skip
    assert proxied.request("GET", "/metrics").status_code == 200
    assert proxied.request("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
    assert proxied.request("GET", "/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def time_slice(thread):
    """The nanoseconds of a thread's time slice (sched_getattr(2)); 0 before Linux 6.12, None when it has ended."""
    call = {"x86_64": 315, "aarch64": 275}[platform.machine()]
    attributes = ctypes.create_string_buffer(56)
    if ctypes.CDLL(None, use_errno=True).syscall(call, int(thread), attributes, len(attributes), 0) != 0:
        assert ctypes.get_errno() == errno.ESRCH
        return None
    return struct.unpack_from("=IIQiIQ", attributes)[5]


def test_all_threads_have_short_time_slices(serve):
    if time_slice(0) == 0:
        pytest.skip("the kernel has one time slice for all threads")
    server = serve()
    shop = server.shops[0]
    shop.post("the store's threads are made by now")
    assert len(shop.list()) == 1
    slices = [time_slice(thread) for thread in os.listdir(f"/proc/{server.process.pid}/task")]
    assert len(slices) > 2
    assert set(slices) - {None} == {300_000}
