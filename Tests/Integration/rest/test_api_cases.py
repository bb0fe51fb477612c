"""The cases of Tests/APITests/cases.json through a socket. Swift tests send the same ones to the handlers as calls."""

import asyncio
import json
import pathlib
import re

import aiohttp
import pytest
import yarl
from support.server import Server
from support.tokens import token

TABLE = json.loads((pathlib.Path(__file__).resolve().parents[2] / "APITests" / "cases.json").read_text())
CASES = [case for case in TABLE["cases"] if case.get("only") != "function"]
PUBLIC_URL = "https://chat.example"


def names_of(number):
    """The shops and users of a case: no other case uses them."""
    roles = {"admin": "ada", "member": "grace", "outsider": "mallory"}
    return {
        "shop": f"shop-{number}", "other": f"other-{number}",
        **{role: f"{name}-{number}" for role, name in roles.items()},
    }  # fmt: skip


def members():
    for number in range(len(CASES)):
        names = names_of(number)
        yield names["shop"], names["admin"], "admin"
        yield names["shop"], names["member"], "member"
        yield names["other"], names["admin"], "member"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Servers by whether they sign the links of images."""
    signed = {"SHOPSTREAM_IMAGE_URLS": "signed", "SHOPSTREAM_PUBLIC_URL": PUBLIC_URL}
    servers = {}
    for is_signed in (False, True):
        folder = tmp_path_factory.mktemp("cases")
        env = {
            "SHOPSTREAM_DEMO": "true", "SHOPSTREAM_ADMIN_SECRET": "the-secret-of-the-cases",
            "SHOPSTREAM_IMAGES": str(folder / "images"), **(signed if is_signed else {}),
        }  # fmt: skip
        servers[is_signed] = Server(folder, members=list(members()), store="memory:", env=env)
    try:
        yield {is_signed: server.start() for is_signed, server in servers.items()}
    finally:
        for server in servers.values():
            server.end()


class Run:
    """The requests of one case, and the names that they refer to."""

    def __init__(self, session, server, number):
        self.session, self.server, self.names = session, server, names_of(number)

    def filled(self, value):
        """A value with the placeholders of its texts filled: `{name}`, and `{x*100}` for a hundred x."""
        if isinstance(value, dict):
            return {key: self.filled(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.filled(member) for member in value]
        if not isinstance(value, str):
            return value
        for name, text in self.names.items():
            value = value.replace("{%s}" % name, text)
        return re.sub(r"\{x\*(\d+)\}", lambda match: "x" * int(match[1]), value)

    def body(self, request):
        if "json" in request:
            return json.dumps(self.filled(request["json"])).encode()
        if "text" in request:
            return self.filled(request["text"]).encode()
        if "form" not in request:
            return None
        body = b""
        for part in request["form"]:
            head = 'Content-Disposition: form-data; name="%s"' % part["name"]
            head += '; filename="a.png"' if "hex" in part else ""
            content = bytes.fromhex(part["hex"]) if "hex" in part else self.filled(part["text"]).encode()
            content += bytes(max(0, part.get("padTo", 0) - len(content)))
            body += b"--boundary\r\n%s\r\n\r\n%s\r\n" % (head.encode(), content)
        return body + b"--boundary--\r\n"

    def fields(self, request):
        fields = dict(request.get("fields", {}))
        if "form" in request:
            fields["Content-Type"] = "multipart/form-data; boundary=boundary"
        kind = request.get("token")
        if kind == "expired":
            fields["Authorization"] = "Bearer " + token("ada", seconds=-3600)
        elif kind == "forged":
            fields["Authorization"] = "Bearer " + token("ada", secret="another secret of at least 32 bytes")
        elif kind:
            fields["Authorization"] = "Bearer " + kind
        elif "by" in request:
            fields["Authorization"] = "Bearer " + token(self.names[request["by"]])
        return fields

    async def send(self, request):
        """Sends a request and compares its answer."""
        method, target = request["send"].split(" ", 1)
        target = self.filled(target).replace(PUBLIC_URL, "")
        url = yarl.URL(self.server.url(target), encoded=True)
        options = {"headers": self.fields(request), "data": self.body(request), "allow_redirects": False}
        async with self.session.request(method, url, **options) as answer:
            content = await answer.read()
            self.compare(request, answer, content)
        for name, path in request.get("save", {}).items():
            value = json.loads(content)
            for key in path.split("."):
                value = value[key]
            self.names[name] = value

    def compare(self, request, answer, content):
        place = f"{request['send']}: {answer.status} {content[:300]!r}"
        assert answer.status == request["status"] if "status" in request else answer.status < 300, place
        for name, value in request.get("has", {}).items():
            assert answer.headers.get(name) == self.filled(value), f"{name}: {place}"
        if "code" in request:
            assert json.loads(content)["code"] == request["code"], place
        if "body" in request:
            assert matches(self.filled(request["body"]), json.loads(content)), place
        if "contains" in request:
            assert self.filled(request["contains"]) in content.decode(), place


def matches(expected, value):
    """Whether a value has all that is expected of it; `*` expects any text."""
    if expected == "*":
        return isinstance(value, str)
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(
            key in value and matches(member, value[key]) for key, member in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(value, list) and len(expected) == len(value) and all(map(matches, expected, value))
    return type(expected) is type(value) and expected == value


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["name"] for case in CASES])
def test_each_request_has_its_expected_answer(servers, number):
    case = CASES[number]

    async def run():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            server = servers[case.get("given", {}).get("isSigned", False)]
            requests = Run(session, server, number)
            for request in [*case.get("before", []), case["request"], *case.get("after", [])]:
                await requests.send(request)

    asyncio.run(run())
