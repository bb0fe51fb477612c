"""Where io_uring is missing or forbidden, the server names the cause and the remedy, and exits with its own status."""

import errno
import pathlib
import subprocess
import sys

import pytest
from support.server import Server, find_binary

EX_UNAVAILABLE = 69
FOLDER = pathlib.Path(__file__).parent
SETTING = pathlib.Path("/proc/sys/kernel/io_uring_disabled")


def start_forbidden(tmp_path, errno_value, prefix=()):
    """Starts the server where `io_uring_setup` fails with this errno; its status and what it wrote."""
    server = Server(tmp_path)
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
