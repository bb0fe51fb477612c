"""The Debian package in a bare Debian 12: installed, used as the README says, upgraded, removed and purged.

The commands are those of tools/packaging/README.md, word for word.
"""

import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
import requests
from support.activation import ask_until
from support.deadline import wait_until
from support.debian import Machine, base_tree, build_package, run, why_not
from support.server import ROOT, Server, find_binary
from support.streams import close_code, open_stream, receive
from support.tokens import SECRET

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]
README = ROOT / "tools" / "packaging" / "README.md"
UNITS = "shopstream.socket shopstream.service"
NEW_LINE = "# A setting of the next version.\n"
LIVE_VIEW_SETTINGS = """cat >>/etc/shopstream/local.env <<'END'
SHOPSTREAM_ADMIN_SECRET=a-secret-of-thirty-two-characters
SHOPSTREAM_METRICS_LISTEN=127.0.0.1:9464
END
systemctl restart shopstream.service
"""


def readme_steps():
    """The shell blocks of the README's first section. There is no mirror to ask for newer lists of packages."""
    section = README.read_text().split("\n## ")[1]
    return [block.replace("apt-get update\n", "") for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


def tools_of(steps):
    """What the README's steps install beside the package: arguments of `apt-get install`."""
    lines = re.findall(r"^apt-get install --yes (--no-install-recommends .*)$", "".join(steps), re.MULTILINE)
    return [line.split() for line in lines]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The package, and one with a higher version and another list of settings."""
    folder = tmp_path_factory.mktemp("packages")
    package = build_package(folder)
    tree = folder / "tree"
    run("dpkg-deb", "--raw-extract", str(package), str(tree))
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 99.0", control.read_text(), flags=re.MULTILINE))
    with open(tree / "etc" / "shopstream" / "shopstream.env", "a") as settings:
        settings.write(NEW_LINE)
    newer = folder / "newer.deb"
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(newer))
    return package, newer


@pytest.fixture
def machine(tmp_path, packages):
    if reason := why_not():
        pytest.skip(reason)
    machine = Machine(tmp_path, base_tree(packages[0], *tools_of(readme_steps())))
    yield machine
    print(machine.shell("journalctl --no-pager -o cat -u 'shopstream*' | tail -40", check=False))
    machine.end()


def install(machine, package, name):
    target = machine.files / "root" / name
    target.write_bytes(package.read_bytes())
    return machine.shell(f"cd; apt-get install --yes ./{name}")


def client_of(machine, folder, port=8080):
    """What the helpers of other tests ask: the server in the machine, and a token of a user there."""
    server = Server(folder, port=port, tls=False)
    return server, machine.shell("shopstreamctl token --user ada --ttl 3600").strip()


def test_the_same_commit_makes_the_same_package(packages, tmp_path):
    again = build_package(tmp_path)
    assert again.name == packages[0].name
    assert again.read_bytes() == packages[0].read_bytes()


def test_the_documents_and_what_they_describe_are_in_the_package(packages, tmp_path):
    run("dpkg-deb", "--raw-extract", str(packages[0]), str(tmp_path / "tree"))
    folder = tmp_path / "tree" / "usr" / "share" / "doc" / "shopstream"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "README.md", "GUIDE.md", "OPERATING.md", "changelog.gz", "copyright", "LICENSE.icu", "seccomp.json",
        "examples/monitoring/README.md", "examples/monitoring/alerts.yml", "examples/monitoring/alerts_test.yml",
        "examples/monitoring/dashboard.json", "examples/proxies/README.md", "examples/proxies/haproxy.cfg",
        "examples/proxies/nginx.conf",
    }  # fmt: skip
    for document in folder.rglob("*.md"):
        for target in re.findall(r"\]\(([^()\s#:]+)(?:#[^()\s]*)?\)", document.read_text()):
            assert (document.parent / target).is_file(), f"{document}: {target}"


def linked_packages():
    """The repositories of the modules that the linker put into the server: by its list of object files, and by what the
    compiler noted of the sources of each module, one file for Swift and one for each source in C."""
    folder = find_binary().parent
    objects = (folder / "shopstream.product" / "Objects.LinkFileList").read_text()
    names = set()
    for module in set(re.findall(r"/(\w+)\.build/", objects)):
        build = folder / f"{module}.build"
        notes = [build / "sources"] if (build / "sources").exists() else list(build.rglob("*.d"))
        paths = "".join(path.read_text() for path in notes)
        assert f"{ROOT}/" in paths, module
        names |= set(re.findall(r"/\.build/checkouts/([^/]+)/", paths))
    return names


def test_the_copyright_names_every_package_that_the_server_is_linked_with():
    text = (ROOT / "tools" / "packaging" / "debian" / "copyright").read_text()
    named = set(re.findall(r"usr/bin/shopstream#(\S+)", text))
    # Of the Swift runtime, and the library in Yams.
    others = {
        "swift", "swift-foundation", "swift-foundation-icu", "swift-corelibs-foundation", "swift-corelibs-libdispatch",
        "libyaml",
    }  # fmt: skip
    linked = linked_packages()
    assert len(linked) > 5 and named == linked | others


def test_every_default_that_the_settings_file_shows_is_allowed(tmp_path):
    text = run(str(ROOT / "tools" / "packaging" / "environment-file")).stdout
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert len(lines) == len({name for name, _ in lines}) > 50
    env = {"AUTH_JWT_SECRET": SECRET, **{name: value for name, value in lines if value}}
    env["SHOPSTREAM_STORE"] = f"sqlite:{tmp_path / 'shopstream.sqlite'}"
    done = subprocess.run([str(find_binary()), "doctor", "--json"], env=env, capture_output=True, text=True, timeout=30)
    codes = {finding["code"]: finding for finding in json.loads(done.stdout)}
    assert "settings_ok" in codes, codes


def test_a_bare_debian_gets_from_the_package_to_a_message_over_wss_as_the_readme_says(machine, packages, record_property):
    install_step, certificate, settings, stream, post = readme_steps()
    assert not machine.succeeds("command -v swift || find / -xdev -name 'libswift*' | grep .")
    (machine.files / "root" / "shopstream_1.deb").write_bytes(packages[0].read_bytes())
    started = time.monotonic()
    assert "0 failures" in machine.shell("cd\n" + install_step)
    assert machine.shell(f"systemctl is-active {UNITS}").split() == ["active", "active"]
    machine.shell(certificate + settings)
    assert machine.shell(f"systemctl is-active {UNITS}").split() == ["active", "active"]

    with subprocess.Popen(
        machine.enter("bash", "-euc", stream), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as reader:  # fmt: skip
        received = []
        thread = threading.Thread(target=lambda: received.extend(iter(reader.stdout.readline, "")))
        thread.start()
        try:
            wait_until(lambda: any("Connected" in line for line in received), 20, "the stream is open")
            posted = json.loads(machine.shell(post).splitlines()[-1])["data"]
            wait_until(lambda: any(posted["id"] in line for line in received), 20, "the message arrives")
            # What the machine took of the time that the README states.
            record_property("machine_seconds", round(time.monotonic() - started, 1))
        finally:
            os.killpg(reader.pid, signal.SIGKILL)
            thread.join()
            print(*received)

    # It runs as its own user, may write nothing but its state, and says so to systemd.
    assert machine.shell("stat -c %U /proc/$(systemctl show -P MainPID shopstream)").strip() == "shopstream"
    machine.shell("systemctl reload shopstream")
    exposure = machine.shell("systemd-analyze security --no-pager shopstream.service").splitlines()[-1]
    assert float(re.search(r"level for shopstream.service: ([\d.]+)", exposure)[1]) <= 1.5
    assert machine.shell("stat -c '%a %U:%G' /etc/shopstream/local.env").strip() == "640 root:shopstream"
    assert machine.shell("systemd-analyze verify --man=no shopstream.service shopstream.socket") == ""

    # The live view, as the README says.
    machine.shell(LIVE_VIEW_SETTINGS)
    command = re.search(r"`(shopstreamctl top --url \S+)`", README.read_text())[1]
    table = machine.shell(f"{command} --once")
    assert "ready, production" in table and "Streams" in table


def test_an_upgrade_refuses_no_connection_and_keeps_messages_and_settings(machine, packages, tmp_path):
    install(machine, packages[0], "first.deb")
    machine.shell("shopstreamctl shop create bakery; shopstreamctl member add bakery ada")
    machine.shell("echo SHOPSTREAM_LOG_LEVEL=debug >>/etc/shopstream/local.env; systemctl restart shopstream")
    settings = machine.shell("cat /etc/shopstream/local.env")
    server, bearer = client_of(machine, tmp_path)
    headers = {"Authorization": f"Bearer {bearer}"}
    failures, statuses, is_over = [], [], threading.Event()

    def ask():
        with machine.network():
            ask_until(is_over, 8080, statuses, failures)

    with machine.network():
        stream = open_stream(server, "bakery", None, token=bearer)
        sent = requests.post(
            server.url("/api/v1/shops/messages"), json={"shop_id": "bakery", "message": "kept"}, headers=headers, timeout=10
        ).json()["data"]
        assert receive(stream)["id"] == sent["id"]
    before = machine.shell("systemctl show -P MainPID shopstream")
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: len(statuses) > 50 or failures, 20, "requests are answered")
        install(machine, packages[1], "second.deb")
        count = len(statuses)
        wait_until(lambda: len(statuses) > count + 50 or failures, 20, "requests are answered again")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert failures == [] and set(statuses) == {200}
    assert close_code(stream) == 1012
    assert machine.shell("systemctl show -P MainPID shopstream") != before
    assert machine.shell("dpkg-query -W -f '${Version}' shopstream") == "99.0"
    with machine.network():
        listed = requests.get(server.url("/api/v1/shops/bakery/messages"), headers=headers, timeout=10).json()["data"]
    assert [message["id"] for message in listed] == [sent["id"]]
    assert machine.shell("cat /etc/shopstream/local.env") == settings
    assert NEW_LINE in machine.shell("cat /etc/shopstream/shopstream.env")


def test_removal_keeps_what_is_the_administrators_and_purge_leaves_nothing(machine, packages):
    before = machine.shell("find / -xdev -path /proc -prune -o -print | sort")
    install(machine, packages[0], "first.deb")
    machine.shell("apt-get remove --yes shopstream")
    assert not machine.succeeds(f"systemctl is-active {UNITS}")
    assert machine.succeeds("test -s /var/lib/shopstream/shopstream.sqlite && test -s /etc/shopstream/local.env")
    # Installed again it is what it was.
    install(machine, packages[0], "first.deb")
    assert machine.shell(f"systemctl is-active {UNITS}").split() == ["active", "active"]
    machine.shell("apt-get purge --yes shopstream")
    assert not machine.succeeds("getent passwd shopstream || getent group shopstream || ls /run/systemd/units | grep shopstream")
    after = machine.shell("find / -xdev -path /proc -prune -o -print | sort")
    left = set(after.splitlines()) - set(before.splitlines())
    assert [path for path in left if "shopstream" in path] == []
