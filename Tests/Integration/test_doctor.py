"""`shopstream doctor`: what it finds, what it says to do, and with which status it exits."""

import errno
import json
import pathlib
import socket
import subprocess
import sys

import pytest
from support.certificates import DAY, TLS
from support.postgres import Postgres
from support.server import Server, find_binary, free_port
from support.tokens import SECRET

FOLDER = pathlib.Path(__file__).parent
SETTING = pathlib.Path("/proc/sys/kernel/io_uring_disabled")


class Report:
    def __init__(self, run):
        self.status, self.findings = run.returncode, json.loads(run.stdout)
        for finding in self.findings:
            assert set(finding) == {"code", "severity", "subject", "text", "fix"}
            assert finding["severity"] in ("ok", "note", "warning", "failure")

    @property
    def codes(self):
        return [finding["code"] for finding in self.findings]

    @property
    def failures(self):
        return [finding["code"] for finding in self.findings if finding["severity"] == "failure"]

    def one(self, code):
        found = [finding for finding in self.findings if finding["code"] == code]
        assert len(found) == 1, self.codes
        return found[0]


@pytest.fixture
def doctor(tmp_path):
    """Runs the command with a good secret and a free port; `env` adds to the environment."""

    def run(*arguments, env=None, prefix=()):
        return subprocess.run(
            [*prefix, str(find_binary()), "doctor", *arguments], cwd=tmp_path, capture_output=True, text=True,
            timeout=60,
            env={
                "AUTH_JWT_SECRET": SECRET, "SHOPSTREAM_LISTEN": f"127.0.0.1:{free_port()}",
                "SHOPSTREAM_STORE": f"sqlite:{tmp_path / 'doctor.sqlite'}", **(env or {}),
            },
        )  # fmt: skip

    return run


@pytest.fixture
def examine(doctor):
    return lambda *arguments, **options: Report(doctor("--json", *arguments, **options))


def test_a_healthy_machine_has_no_failure(examine, tmp_path):
    report = examine("--streams", "100")
    assert (report.status, report.failures) == (0, [])
    for code in ("kernel_ok", "io_uring_ok", "descriptors_ok", "memory_ok", "settings_ok", "listen_free", "keys_ok",
                 "images_ok", "store_new"):  # fmt: skip
        report.one(code)
    assert list(tmp_path.iterdir()) == [], "the doctor left something"


def test_people_get_lines_with_fixes_and_no_colours_in_a_pipe(doctor):
    run = doctor("--streams", "90000000")
    assert run.returncode == 1 and run.stderr == "" and "\x1b" not in run.stdout
    lines = run.stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("failure  descriptors"))
    assert "90000000" in lines[at] and lines[at + 1].strip().startswith("fix: ")
    assert "failure" in lines[-1] and "warning" in lines[-1]


def test_more_streams_than_the_machine_holds_fail(examine):
    report = examine("--streams", "90000000")
    assert report.status == 1
    assert {"descriptors_too_few", "memory_too_small", "tcp_memory_too_low"} <= set(report.failures)


def test_a_low_limit_of_descriptors_is_found(examine):
    prefix = ("sh", "-c", 'ulimit -n 1024 && exec "$@"', "sh")
    report = examine("--streams", "5000", "--reactors", "2", prefix=prefix)
    assert report.failures == ["descriptors_too_few"]
    assert "ulimit -n 2660" in report.one("descriptors_too_few")["fix"]
    assert examine("--streams", "1000", "--reactors", "2", prefix=prefix).status == 0


def test_strict_counts_warnings(examine):
    in_memory = {"SHOPSTREAM_STORE": "memory:"}
    assert examine(env=in_memory).status == 0
    report = examine("--strict", env=in_memory)
    assert report.status == 1 and report.failures == []
    report.one("store_in_memory")


def test_wrong_arguments_have_the_status_64(doctor):
    for arguments in (["--streams", "0"], ["--streams", "many"], ["--unknown"]):
        assert doctor(*arguments).returncode == 64


def test_settings_that_cannot_be_used_are_a_failure(examine):
    for env in ({"SHOPSTREAM_LITSEN": "x"}, {"SHOPSTREAM_REACTORS": "none"}, {"SHOPSTREAM_MODE": "production"}):
        report = examine(env=env)
        assert (report.status, report.failures) == (1, ["settings_invalid"])
    assert "WEBSOCKET_ALLOWED_ORIGINS" in report.one("settings_invalid")["text"]


# Keys

PRODUCTION = {"SHOPSTREAM_MODE": "production", "WEBSOCKET_ALLOWED_ORIGINS": "https://app.example"}


def test_a_short_secret_fails_in_production_only(examine):
    short = {"AUTH_JWT_SECRET": "hunter2"}
    assert examine(env=short).one("secret_short")["severity"] == "note"
    report = examine(env={**PRODUCTION, **short})
    assert (report.status, report.failures) == (1, ["secret_too_short"])
    assert "hunter2" not in json.dumps(report.findings)
    assert examine(env=PRODUCTION).status == 0


def test_missing_and_unusable_keys_fail(examine, tmp_path):
    assert examine(env={"AUTH_JWT_SECRET": ""}).failures == ["keys_missing"]
    keys = tmp_path / "keys.json"
    assert examine(env={"AUTH_JWKS_FILE": str(keys)}).failures == ["keys_unreadable"]
    keys.write_text("{}")
    assert examine(env={"AUTH_JWKS_FILE": str(keys)}).failures == ["keys_invalid"]
    unreachable = {"AUTH_JWKS_URL": f"http://127.0.0.1:{free_port()}/keys.json"}
    assert examine(env=unreachable).failures == ["keys_unreadable"]


# Certificates


def test_certificates_and_their_expiry(examine, authority):
    def found(certificate):
        report = examine(env=TLS(authority, certificate).env)
        return report, [finding["code"] for finding in report.findings if finding["subject"] == "certificate"]

    report, codes = found(authority.issue("a.example", valid_until=15 * DAY))
    assert (report.status, codes) == (0, ["certificate_ok"])
    report, codes = found(authority.issue("a.example", valid_until=13 * DAY))
    assert (report.status, codes) == (0, ["certificate_expires_soon"])
    assert "a.example" in report.one("certificate_expires_soon")["text"]
    report, codes = found(authority.issue("a.example", valid_from=-3 * DAY, valid_until=-DAY))
    assert (report.status, codes) == (1, ["certificate_expired"])
    spoilt = authority.issue("a.example")
    spoilt.certificate_path.write_text("no certificate")
    report, codes = found(spoilt)
    assert (report.status, codes) == (1, ["certificate_invalid"])
    foreign = authority.issue("a.example")
    foreign.key_path.write_bytes(authority.issue("b.example").key_path.read_bytes())
    report, codes = found(foreign)
    assert (report.status, codes) == (1, ["certificate_invalid"])


# Files


def test_members_and_images(examine, tmp_path):
    members = tmp_path / "members.csv"
    members.write_text("shop,ada,admin\n")
    assert "1 member" in examine("--members", str(members)).one("members_ok")["text"]
    members.write_text("shop,ada,owner\n")
    assert examine("--members", str(members)).failures == ["members_invalid"]
    assert examine(env={"SHOPSTREAM_IMAGES": str(members)}).failures == ["images_unwritable"]


# Stores


def test_a_file_that_is_no_database_fails(examine, tmp_path):
    path = tmp_path / "text.sqlite"
    path.write_text("This is not a database.")
    assert examine("--store", f"sqlite:{path}", env={"SHOPSTREAM_STORE": ""}).failures == ["store_corrupt"]
    assert path.read_text() == "This is not a database."
    missing = {"SHOPSTREAM_STORE": f"sqlite:{tmp_path}/missing/a.sqlite"}
    assert examine(env=missing).failures == ["store_unwritable"]
    assert not (tmp_path / "missing").exists()


def test_beside_a_running_server_there_is_no_failure(examine, serve):
    server = serve()
    env = {"SHOPSTREAM_STORE": server.store, "SHOPSTREAM_LISTEN": f"{server.host}:{server.port}"}
    report = examine(env=env)
    assert (report.status, report.failures) == (0, [])
    report.one("listen_in_use")
    assert str(server.process.pid) in report.one("store_in_use")["text"]
    report.one("store_ok")
    server.must_serve()
    server.terminate()
    report = examine(env=env)
    report.one("listen_free")
    assert "store_in_use" not in report.codes
    server.start()


def test_postgres_must_answer_and_be_migrated(examine):
    cluster = Postgres()
    try:
        env = {"SHOPSTREAM_STORE": cluster.uri}
        report = examine(env=env)
        assert (report.status, report.failures) == (1, ["store_not_migrated"])
        assert "shopstream migrate" in report.one("store_not_migrated")["fix"]
        assert cluster.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [["0"]]
        cluster.migrate().check_returncode()
        report = examine(env=env)
        assert (report.status, report.failures) == (0, [])
        report.one("store_ok")
        cluster.sql("INSERT INTO shopstream_migrations (number) VALUES (1000)")
        assert examine(env=env).failures == ["store_incompatible"]
        cluster.stop()
        report = examine(env={"SHOPSTREAM_STORE": cluster.uri.replace("shopstream@", "shopstream:hunter2@")})
        assert (report.status, report.failures) == (1, ["store_unreachable"])
        assert "hunter2" not in json.dumps(report.findings)
    finally:
        cluster.remove()


def test_a_database_that_does_not_answer_is_a_failure_in_time(examine):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # Without this setting libpq ends the attempt earlier.
        uri = f"postgres://127.0.0.1:{silent.getsockname()[1]}/shopstream?connect_timeout=50"
        report = examine(env={"SHOPSTREAM_STORE": uri})
    assert (report.status, report.failures) == (1, ["store_unreachable"])
    assert "no answer within" in report.one("store_unreachable")["text"]


# io_uring


def forbidden(doctor, errno_value, prefix=(), driver="auto"):
    prefix = (*prefix, sys.executable, "-B", "-m", "support.seccomp", str(errno_value))
    return Report(doctor("--json", prefix=prefix, env={"PYTHONPATH": str(FOLDER), "SHOPSTREAM_DRIVER": driver}))


def test_io_uring_that_is_refused_is_named_with_its_cause(doctor):
    report = forbidden(doctor, errno.ENOSYS)
    assert (report.status, report.failures) == (0, [])
    assert report.one("io_uring_missing")["severity"] == "warning"
    assert forbidden(doctor, errno.EINVAL).one("io_uring_too_old")
    if SETTING.exists() and SETTING.read_text().strip() != "0":
        pytest.skip("kernel.io_uring_disabled is set here: that is what would be named")
    report = forbidden(doctor, errno.EPERM)
    assert "io_uring_setup" in report.one("io_uring_forbidden")["fix"]


def test_io_uring_that_is_refused_is_a_failure_where_it_is_required(doctor):
    report = forbidden(doctor, errno.ENOSYS, driver="uring")
    assert (report.status, report.failures) == (1, ["driver_unavailable"])
    assert report.one("io_uring_missing")


def test_io_uring_that_the_kernels_setting_forbids_is_named(doctor, tmp_path):
    # In a mount namespace of its own the doctor reads another value of the machine's setting.
    value = tmp_path / "io_uring_disabled"
    value.write_text("2\n")
    prefix = ("unshare", "--mount", "sh", "-c", f'mount --bind "{value}" {SETTING} && exec "$@"', "sh")
    if not SETTING.exists() or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here, or no such setting in this kernel")
    report = forbidden(doctor, errno.EPERM, prefix)
    assert report.one("io_uring_disabled")["fix"] == "sysctl -w kernel.io_uring_disabled=0"
