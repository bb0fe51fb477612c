"""The configuration file, the secret files and `shopstream config`: where values come from, and what is refused."""

import json
import subprocess

import pytest
from support.deadline import wait_until
from support.server import Server, find_binary, free_port
from support.streams import open_stream
from support.tokens import SECRET, bearer


@pytest.fixture
def write(tmp_path):
    """Writes a file that only its owner may read, and returns its path."""

    def write(text, name="shopstream.yaml", mode=0o600):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def run(tmp_path):
    """Runs a command in a folder of its own; `env` is all of its environment."""

    def run(*arguments, status=0, **env):
        result = subprocess.run(
            [str(find_binary()), *map(str, arguments)], cwd=tmp_path, env={k: str(v) for k, v in env.items()},
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert result.returncode == status, f"{result.returncode}: {result.stderr}"
        return result

    return run


@pytest.fixture
def listed(run):
    """The settings by their names, as `shopstream config --json` prints them."""

    def listed(*arguments, **env):
        return {row["name"]: row for row in json.loads(run("config", "--json", *arguments, **env).stdout)}

    return listed


# A server by a file alone


def test_a_server_starts_with_a_file_alone(tmp_path, write, run):
    port = free_port()
    members = write("bakery,ada,member\n", "staff.csv")
    config = write(f"""
        shopstream:
          listen: 127.0.0.1:{port}
          store: sqlite:{tmp_path}/shop.sqlite
          members: {members}
          reactors: 2
          max: {{text_bytes: 5}}
        auth:
          jwt_secret_file: {write(SECRET + chr(10), "secret")}
        websocket:
          enabled: false
        """)
    server = Server(tmp_path, port=port, tls=False)
    server.env, server.args = {}, ["serve", "--config", str(config)]
    server.start()
    try:
        assert server.try_post("bakery", "ada", "12345").status_code == 201
        assert server.try_post("bakery", "ada", "123456").status_code == 400
        stream = server.request("GET", "/api/v1/shops/bakery/messages/stream", "ada")
        assert stream.status_code == 404
        # The other commands read the same file.
        assert run("member", "list", "bakery", "--config", config).stdout == "bakery,ada,member\n"
        assert "up to date" in run("migrate", SHOPSTREAM_CONFIG=config).stdout
        token = run("token", "--user", "ada", "--config", config).stdout.strip()
        headers = {"Authorization": f"Bearer {token}"}
        assert server.request("GET", "/api/v1/shops/bakery/messages", headers=headers).status_code == 200
        findings = json.loads(run("doctor", "--json", "--config", config).stdout)
        in_use = [finding["text"] for finding in findings if finding["code"] in ("listen_in_use", "store_in_use")]
        assert any(f"127.0.0.1:{port}" in text for text in in_use)
        assert any(f"{tmp_path}/shop.sqlite" in text for text in in_use)
        assert server.terminate() == 0
    finally:
        server.end()


# Sources


def test_the_environment_goes_over_flags_and_flags_over_the_file(write, listed):
    config = write(
        "shopstream_log_level: trace\nshopstream: {listen: '127.0.0.1:1', store: 'sqlite:file'}\n"
        "shopstream_reactors: 3\n"
    )
    rows = listed(
        "--config", config, "--store", "sqlite:flag", "--listen", "127.0.0.1:2", SHOPSTREAM_LISTEN="127.0.0.1:3"
    )
    shown = {name: (row["value"], row["source"], row["origin"]) for name, row in rows.items()}
    assert shown["SHOPSTREAM_LISTEN"] == ("127.0.0.1:3", "environment", None)
    assert shown["SHOPSTREAM_STORE"] == ("sqlite:flag", "flag", "--store")
    assert shown["SHOPSTREAM_LOG_LEVEL"] == ("trace", "file", f"{config}:shopstream_log_level")
    assert shown["SHOPSTREAM_REACTORS"] == ("3", "file", f"{config}:shopstream_reactors")
    assert shown["SHOPSTREAM_CONFIG"] == (str(config), "flag", "--config")
    assert shown["SHOPSTREAM_MODE"] == ("development", "default", None)
    assert shown["SHOPSTREAM_IMAGES"] == ("flag-images", "computed", None)
    assert shown["AUTH_JWT_SECRET"] == (None, "default", None)
    assert rows["SHOPSTREAM_LOG_LEVEL"]["applies_on_reload"] is True
    assert rows["SHOPSTREAM_LISTEN"]["applies_on_reload"] is False


def test_a_flag_that_the_environment_overrides_is_reported(run):
    notice = run("config", "--check", "--listen", "127.0.0.1:2", SHOPSTREAM_LISTEN="127.0.0.1:3").stderr
    assert notice == "shopstream: --listen is not used: SHOPSTREAM_LISTEN is set and takes precedence\n"
    same = run("config", "--check", "--listen", "127.0.0.1:3", SHOPSTREAM_LISTEN="127.0.0.1:3").stderr
    assert same == ""


def test_config_prints_aligned_text_without_secrets(write, run):
    secret = write("hunter2-hunter2-hunter2", "secret")
    config = write(f"auth: {{jwt_secret_file: {secret}}}\nwebsocket: {{allowed_origins: [https://a, https://b]}}\n")
    result = run("config", "--changed", "--config", config, "--store", "postgres://u:hunter2@h/d?password=hunter2")
    rows = [
        ("SHOPSTREAM_CONFIG", config, "flag --config"),
        ("SHOPSTREAM_STORE", "postgres://h/d", "flag --store"),
        ("AUTH_JWT_SECRET", "(hidden)", f"secret file {secret}"),
        ("WEBSOCKET_ALLOWED_ORIGINS", "https://a,https://b", f"file {config}:websocket.allowed_origins"),
    ]
    # A value of more than 40 characters moves what follows it.
    assert result.stdout.splitlines() == [f"{name:25}  {str(value):40}  {source}" for name, value, source in rows]
    everything = run("config", "--config", config, AUTH_JWT_SECRET="hunter2", SHOPSTREAM_STORE="postgres://u:hunter2@h/d")
    assert "hunter2" not in everything.stdout + everything.stderr
    assert everything.stdout.count("(hidden)") == 1
    columns = [line.index(line.split()[1]) for line in everything.stdout.splitlines()]
    assert len(set(columns)) == 1 and len(columns) > 50


# Refusals


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "lisen: x",
            "{path}:1: lisen='…' cannot be used: there is no such setting; the nearest is shopstream_listen",
        ),
        (
            "listen: x",
            "{path}:1: listen='…' cannot be used: there is no such setting; the nearest is shopstream_listen",
        ),
        (
            "shopstream_mode: development\nwebsocket:\n  allowed_origin: x",
            "{path}:3: websocket.allowed_origin='…' cannot be used: there is no such setting; the nearest is "
            "websocket_allowed_origins",
        ),
        (
            "shopstream: {tls: {key: a}}\nshopstream_tls_key: b",
            "{path}:2: shopstream_tls_key='…' cannot be used: line 1 sets it too, as shopstream.tls.key",
        ),
        (
            "shopstream_mode: [production]",
            "{path}:1: shopstream_mode='…' cannot be used: a single value is expected, not a list",
        ),
        (
            "\nshopstream_max_text_bytes: 0",
            "{path}:2: shopstream_max_text_bytes='0' cannot be used: a whole number from 1 to 20000",
        ),
        (
            "shopstream_listen: [",
            "SHOPSTREAM_CONFIG='{path}' cannot be used: line 2: did not find expected node content",
        ),
        ("auth: {jwt_secret_file: /no}",
         "{path}:1: auth.jwt_secret_file='/no' cannot be used: it cannot be read (No such file or directory)"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_one_line(write, run, text, line):
    path = write(text)
    expected = f"shopstream: {line.format(path=path)}\n"
    for command in (["serve"], ["config"], ["config", "--check"], ["migrate"], ["token", "--user", "ada"]):
        if command[0] in ("migrate", "token") and "text_bytes" in text:
            continue  # these read the file, and the settings that they need
        result = run(*command, "--config", path, status=78)
        assert (result.stdout, result.stderr) == ("", expected)
    findings = json.loads(run("doctor", "--json", "--config", path, status=1).stdout)
    assert [found["text"] for found in findings if found["code"] == "settings_invalid"] == [line.format(path=path)]


def test_a_value_that_the_start_refuses_is_named_with_its_place(write, run):
    path = write(
        "shopstream: {store: 'memory:'}\nshopstream_mode: production\nauth: {jwt_secret: short}\n"
        "websocket: {allowed_origins: [null]}\n"
    )
    line = f"shopstream: {path}:3: auth.jwt_secret='…' cannot be used: the secret has 5 bytes; at least 32 are required\n"
    assert run("serve", "--config", path, status=78).stderr == line
    path = write("shopstream:\n  store: 'memory:'\n  members: /nowhere\n")
    line = run("serve", "--config", path, AUTH_JWT_SECRET=SECRET, status=78).stderr
    assert line == f"shopstream: {path}:3: shopstream.members='/nowhere' cannot be used: the file cannot be read\n"


def test_a_missing_file_is_refused(run, tmp_path):
    result = run("serve", "--config", "no.yaml", status=78)
    assert result.stderr == (
        "shopstream: SHOPSTREAM_CONFIG='no.yaml' cannot be used: it cannot be read (No such file or directory)\n"
    )
    assert run("serve", SHOPSTREAM_CONFIG=tmp_path, status=78).stderr.endswith("it is not a regular file\n")


def test_a_secret_and_its_file_are_refused_together(write, run):
    path = write("secret", "secret")
    result = run("serve", AUTH_JWT_SECRET="x", AUTH_JWT_SECRET_FILE=path, status=78)
    assert result.stderr == (
        f"shopstream: AUTH_JWT_SECRET_FILE='{path}' cannot be used: not together with AUTH_JWT_SECRET\n"
    )
    empty = write("\n", "empty")
    result = run("serve", AUTH_JWT_SECRET_FILE=empty, status=78)
    assert result.stderr == f"shopstream: AUTH_JWT_SECRET_FILE='{empty}' cannot be used: the file is empty\n"


# Permissions


def test_files_with_a_secret_that_others_may_read_are_reported(serve, write, run):
    secret = write(SECRET, "secret", mode=0o644)
    server = serve(env={"AUTH_JWT_SECRET": "", "AUTH_JWT_SECRET_FILE": str(secret)})
    wait_until(lambda: "may read a file with a secret" in server.log(), what="the start says so")
    config = write(f"auth: {{jwt_secret: {SECRET}}}", mode=0o604)
    assert run("config", "--check", "--config", config).stderr == (
        f"shopstream: every user of the machine may read {config}, which has a secret\n"
    )
    findings = json.loads(run("doctor", "--json", "--config", config).stdout)
    assert [found["fix"] for found in findings if found["code"] == "secret_readable"] == [f"chmod o-r '{config}'"]
    config.chmod(0o600)
    assert run("config", "--check", "--config", config).stderr == ""


def test_a_stream_takes_the_secret_of_a_file(serve, write):
    secret = "another-secret-of-at-least-32-bytes-in-a-file"
    server = serve(env={"AUTH_JWT_SECRET": "", "AUTH_JWT_SECRET_FILE": str(write(secret + "\n", "secret"))})
    shop = server.shops[0]
    path = f"/api/v1/shops/{shop.id}/messages"
    assert server.request("GET", path, shop.member).status_code == 401
    assert server.request("GET", path, headers=bearer(shop.member, secret=secret)).status_code == 200
    with open_stream(server, shop.id, None, headers=bearer(shop.member, secret=secret)):
        pass
