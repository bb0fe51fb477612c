"""The description of the interface, /openapi.json, and whether the server keeps to it."""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import pytest
import schemathesis
from support.images import UPLOAD_PATH, remove, try_upload, upload
from support.seeds import seeded
from support.tokens import ADMIN_SECRET, token

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "ignored_auth",
]  # fmt: skip


@pytest.fixture
def description(shop):
    answer = shop.server.request("GET", "/openapi.json")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json")
    return answer.json()


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_every_reference_resolves_and_every_component_is_used(description):
    used = set(references(description))
    there = {
        f"#/components/{kind}/{name}"
        for kind, members in description["components"].items() if kind != "securitySchemes"
        for name in members
    }  # fmt: skip
    assert used == there


def test_every_schema_is_valid_and_every_failure_has_the_same(description):
    for schema in description["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if "$ref" in answer:
                    answer = description["components"]["responses"][answer["$ref"].rpartition("/")[2]]
                if int(status) >= 400:
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Error"}, f"{method} {path} {status}"


def test_every_path_has_the_described_methods_and_no_others(shop, description):
    for path, methods in description["paths"].items():
        concrete = re.sub(r"\{\w+\}", "x", path)
        answer = shop.server.request("OPTIONS", concrete)
        allowed = {name.strip().lower() for name in answer.headers["Allow"].split(",")} - {"options", "head"}
        described = set()
        for other, others in description["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", other), concrete):
                described |= set(others)
        assert allowed == described, path


def test_every_success_has_the_form_that_is_described(shop, description):
    described = schemathesis.openapi.from_dict(description)

    def check(method, template, answer, status=200):
        assert answer.status_code == status, answer.text
        described[template][method].validate_response(answer)

    messages, upload_path = "/api/v1/shops/messages", UPLOAD_PATH
    request, user = shop.server.request, shop.member
    image = try_upload(shop)
    check("POST", upload_path, image)
    image = image.json()["data"]
    name = image["image_url"].rpartition("/")[2]
    check("GET", "/api/v1/shops/{shop_id}/messages/image/{name}", request("GET", image["image_url"], user))
    assert name.endswith(".png")
    created = shop.server.try_post(shop.id, user, "x")
    check("POST", messages, created, 201)
    message = created.json()["data"]
    edit = {"message_id": message["id"], "message": "y"}
    check("PUT", messages, request("PUT", messages, user, json=edit))
    for template in ("/api/v1/shops/{shop_id}/messages", "/api/v1/shops/{shop_id}/messages/paginated"):
        check("GET", template, request("GET", template.replace("{shop_id}", shop.id), user))
    cursor = request("GET", f"/api/v1/shops/{shop.id}/messages/paginated", user, params={"before_id": message["id"]})
    check("GET", "/api/v1/shops/{shop_id}/messages/paginated", cursor)
    check("DELETE", messages + "/{message_id}", request("DELETE", f"{messages}/{message['id']}", user))
    check("DELETE", messages + "/image/{message_id}", remove(shop, image))
    for path in ("/api/v1/health/websocket", "/healthz", "/readyz", "/metrics", "/openapi.json"):
        check("GET", path, request("GET", path))
    check("GET", "/admin", request("GET", "/admin"))
    secret = {"Authorization": f"Bearer {ADMIN_SECRET}"}
    check("GET", "/admin/figures", request("GET", "/admin/figures", headers=secret))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("phases,is_anywhere", [("coverage,fuzzing", False), ("fuzzing", True)])
def test_no_request_gets_an_answer_that_is_not_described(shop, tmp_path, phases, is_anywhere):
    message, name = shop.post("x", shop.member), upload(shop)["image_url"].rpartition("/")[2]
    what_exists = {"shop_id": shop.id, "message_id": message["id"], "name": name, "since": message["created_at"]}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in what_exists.items()]
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text("" if is_anywhere else "[parameters]\n" + "".join(lines))
    seed = seeded().getrandbits(32)
    result = subprocess.run(
        [str(pathlib.Path(sys.executable).with_name("schemathesis")), "--config-file", str(configuration), "run",
         shop.server.url("/openapi.json"), "--url", shop.server.url(), "--checks", ",".join(CHECKS),
         "--phases", phases, "--max-examples", "15", "--seed", str(seed), "--workers", "1",
         "--exclude-operation-id", "openStream", "--generation-database", "none", "--request-timeout", "10",
         "--header", f"Authorization: Bearer {token(shop.member)}", "--no-color", "--continue-on-failure"],
        cwd=tmp_path, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    print(f"{result.stdout}\n{result.stderr}")
    assert result.returncode == 0
