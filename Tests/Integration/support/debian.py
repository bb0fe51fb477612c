"""Bare Debians of their own: a tree that debootstrap made, booted by systemd-nspawn, with a network of its own."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import subprocess

from .deadline import wait_until
from .server import ROOT, find_binary

SUITE = "bookworm"
FOLDER = ROOT / ".build" / "tools" / "debian"
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*command, seconds=300, check=True, **options):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=seconds, **options,
    )  # fmt: skip
    assert not check or done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}"
    return done


def build_package(folder):
    """Packages the release binary; the path of the package."""
    done = subprocess.run(
        [str(ROOT / "tools" / "package"), "--no-build", "--output", str(folder)],
        env={**os.environ, "SHOPSTREAM_BIN": str(find_binary())}, text=True, timeout=120, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0
    return folder.joinpath(done.stdout.strip())


def mirror():
    """The mirror that this machine takes its own packages from."""
    targets = run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages")
    found = [line.split()[2] for line in targets.stdout.splitlines() if line.startswith(f"{SUITE} main ")]
    return found[:1]


def base_tree(package, *requests):
    """A tree of the suite with systemd and nothing more, made once. As machines have no way to a mirror, apt's cache in
    it has what installing the package needs, and what apt-get needs for each request, a list of arguments."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    tree = FOLDER / SUITE
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            unfinished = FOLDER / f"{SUITE}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            run(
                "debootstrap", "--variant=minbase", "--include=systemd-sysv", SUITE, str(unfinished), *mirror(),
                seconds=400,
            )  # fmt: skip
            unfinished.rename(tree)
        shutil.copy("/etc/resolv.conf", tree / "etc")
        local = shutil.copy(package, tree / "tmp" / "package.deb")
        apt = ["chroot", str(tree), "apt-get", "-qy"]
        fetches = [[*apt, "install", "--download-only", *request] for request in (["/tmp/package.deb"], *requests)]
        if any(run(*fetch, check=False).returncode != 0 for fetch in fetches):
            run(*apt, "update")
            for fetch in fetches:
                run(*fetch)
        local.unlink()
    return tree


def why_not():
    """Why no machine can be made here; None when it can."""
    if os.geteuid() != 0:
        return "debootstrap and systemd-nspawn need root"
    missing = [name for name in ("debootstrap", "systemd-nspawn", "nsenter", "apt-get") if not shutil.which(name)]
    return f"there is no {missing[0]} here" if missing else None


def enter_network(namespace):
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine:
    """A booted copy of a base tree. `shell` runs commands in it as root; `files` is its root directory."""

    def __init__(self, folder, base):
        self.files = pathlib.Path(folder) / "root"
        self.log_path = pathlib.Path(folder) / "console.log"
        run("cp", "-a", "--reflink=auto", str(base), str(self.files))
        with open(self.log_path, "wb") as log:
            # Without --register and a unit of its own it needs no systemd outside.
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--boot",
                 f"--directory={self.files}", f"--machine=shopstream-{os.getpid()}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.first = None
        try:
            self.first = wait_until(self._find_first, 60, "the machine's first process")
            wait_until(lambda: self.state() in ("running", "degraded"), 60, "the machine has booted")
        except AssertionError:
            self.end()
            raise AssertionError(self.log_path.read_text(errors="replace")[-4000:]) from None

    def _find_first(self):
        """systemd in the machine: once it runs, it is nspawn's only child and in a namespace of processes of its own."""
        assert self.process.poll() is None, "systemd-nspawn has ended"
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return child
        return None

    def enter(self, *command):
        return [
            "nsenter", "--target", self.first, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
            "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive", *command,
        ]  # fmt: skip

    def state(self):
        return run(*self.enter("systemctl", "is-system-running"), check=False).stdout.strip()

    def shell(self, script, check=True, seconds=100):
        """Runs a script, which ends at its first failure; its output."""
        return run(*self.enter("bash", "-euc", script), check=check, seconds=seconds).stdout

    def succeeds(self, script):
        return run(*self.enter("bash", "-euc", script), check=False).returncode == 0

    @contextlib.contextmanager
    def network(self):
        """Sockets that this thread opens meanwhile are the machine's."""
        with open("/proc/thread-self/ns/net") as own, open(f"/proc/{self.first}/ns/net") as other:
            enter_network(other)
            try:
                yield
            finally:
                enter_network(own)

    def end(self):
        """Ends all processes of the machine and removes its files."""
        if self.first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.first), 9)
        else:
            self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.files, ignore_errors=True)
