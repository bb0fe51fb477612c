"""The commands beside `serve`: version, tokens, shops, members."""

import re
import subprocess

import jwt
import pytest
from support.deadline import wait_until
from support.server import find_binary
from support.streams import close_code, open_stream
from support.tokens import SECRET


@pytest.fixture
def command(tmp_path):
    """Runs a command on a store of its own; `env` adds to the environment."""

    def run(*arguments, ok=True, store=f"sqlite:{tmp_path / 'commands.sqlite'}", env=None):
        result = subprocess.run(
            [str(find_binary()), *arguments], capture_output=True, text=True, timeout=30,
            env={"AUTH_JWT_SECRET": SECRET, "SHOPSTREAM_STORE": store, **(env or {})},
        )  # fmt: skip
        assert (result.returncode == 0) is ok, f"{result.returncode}: {result.stderr}"
        return result

    return run


def test_the_version_is_printed(command):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", command("--version").stdout)


def test_token_prints_a_token_that_the_server_takes(command, serve):
    server = serve()
    shop = server.shops[0]
    text = command("token", "--user", shop.member, "--name", "Grace", "--ttl", "60").stdout.strip()
    claims = jwt.decode(text, SECRET, ["HS256"])
    assert (claims["sub"], claims["name"]) == (shop.member, "Grace")
    path = f"/api/v1/shops/{shop.id}/messages"
    assert server.request("GET", path, headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_token_refuses_a_missing_secret_or_user_and_a_negative_lifetime(command):
    assert "AUTH_JWT_SECRET" in command("token", "--user", "ada", ok=False, env={"AUTH_JWT_SECRET": ""}).stderr
    command("token", ok=False)
    command("token", "--user", "ada", "--ttl", "-1", ok=False)


def test_shops_and_members_are_made_listed_and_removed(command):
    command("shop", "create", "bakery")
    command("member", "add", "bakery", "ada", "--role", "admin")
    command("member", "add", "bakery", "grace")
    listed = command("member", "list", "bakery").stdout
    assert "ada" in listed and "admin" in listed and "grace" in listed
    command("member", "remove", "bakery", "grace")
    assert "grace" not in command("member", "list", "bakery").stdout


def test_a_change_of_membership_shows_within_ten_seconds(serve, command):
    server = serve()
    shop = server.shops[0]
    command("member", "remove", shop.id, shop.member, store=server.store)
    wait_until(lambda: server.try_post(shop.id, shop.member, "x").status_code == 403, 12, "the member may not write")
    command("member", "add", shop.id, shop.outsider, store=server.store)
    wait_until(lambda: server.try_post(shop.id, shop.outsider, "x").status_code == 201, 12, "the new member may write")
