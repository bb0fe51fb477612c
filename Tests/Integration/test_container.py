"""The image that tools/packaging/Containerfile describes: built by buildah on the Debian that debootstrap makes, as no
registry can be asked, and run as its user."""

import contextlib
import json
import shutil
import subprocess

import pytest
import requests
from support.deadline import wait_until
from support.debian import base_tree, build_package, run, why_not
from support.server import ROOT, free_port
from support.tokens import SECRET

pytestmark = [pytest.mark.package, pytest.mark.timeout(400)]
CONTAINERFILE = ROOT / "tools" / "packaging" / "Containerfile"
BASE = "docker.io/library/debian:12-slim"
IMAGE = "localhost/shopstream"


class Storage:
    """Images and containers in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder

    def command(self, *arguments):
        return [
            "buildah", "--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"), "--storage-driver",
            "vfs", *arguments,
        ]  # fmt: skip

    def buildah(self, *arguments):
        return run(*self.command(*arguments)).stdout.strip()

    def remove(self):
        self.buildah("rm", "--all")
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """Has the image."""
    if reason := why_not() or (None if shutil.which("buildah") else "there is no buildah here"):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("context")
    tree = base_tree(build_package(folder), ["--no-install-recommends", "ca-certificates"])
    storage = Storage(tmp_path_factory.mktemp("storage"))
    base = storage.buildah("from", "scratch")
    storage.buildah("copy", "--quiet", base, str(tree), "/")
    storage.buildah("commit", "--quiet", base, BASE)
    storage.buildah("rm", base)
    storage.buildah(
        "build", "--pull=never", "--isolation", "chroot", "--file", str(CONTAINERFILE), "--tag", IMAGE, str(folder))
    yield storage
    storage.remove()


@pytest.fixture
def container(storage):
    name = storage.buildah("from", "--pull=never", IMAGE)
    yield name
    storage.buildah("rm", name)


def test_the_image_runs_as_a_user_and_has_no_secret(storage, container):
    config = json.loads(storage.buildah("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    assert config["User"] == "10001:10001" and config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] + config["Cmd"] == ["/usr/bin/shopstream", "serve"]
    names = storage.buildah("run", "--isolation", "chroot", container, "--", "ls", "-A", "/etc/shopstream")
    assert names == "shopstream.env"


def test_the_container_serves_and_stops(storage, container):
    port = free_port()
    # The shell ends the server when its input ends: buildah passes no signal on.
    script = "shopstream serve & read -r line; kill -TERM $!; wait $!"
    environment = {"AUTH_JWT_SECRET": SECRET, "SHOPSTREAM_LISTEN": f"127.0.0.1:{port}"}
    options = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    with subprocess.Popen(
        storage.command("run", "--isolation", "chroot", *options, container, "--", "sh", "-c", script),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip

        def answers():
            assert process.poll() is None, process.stdout.read()
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200

        try:
            wait_until(answers, 30, "the server answers")
        finally:
            process.stdin.close()
            status = process.wait(timeout=60)
            print(process.stdout.read())
    assert status == 0
