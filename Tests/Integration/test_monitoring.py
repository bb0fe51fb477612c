"""tools/monitoring: the alerts, the dashboard and their description agree with each other and with the metrics that the
server has, and `promtool` accepts them all."""

import json
import os
import pathlib
import re
import subprocess

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
from support.certificates import new_tls
from support.deadline import wait_until
from support.server import free_port
from support.postgres import migrated
from support.streams import open_stream, receive

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tools" / "monitoring"
PROMTOOL = ROOT / ".build" / "tools" / "prometheus" / "usr" / "bin" / "promtool"

# What `promtool check metrics` may say: names of the contract that go against Prometheus' conventions, each beside a
# metric of a conventional name.
ACCEPTED_COMPLAINTS = {
    "websocket_broadcast_latency_ms metric names should not contain abbreviated units",
}

# Where the values of a label are declared. Status codes are not checked.
VALUES_OF_LABELS = {
    "reason": ["Sources/Sessions/Disconnect.swift"],
    "kind": ["Sources/Auth/AuthError.swift"],
    "code": ["Sources/Storage/StorageError.swift"],
    "phase": ["Sources/Reactor/PhaseTimes.swift"],
    "result": ["Sources/Server/Connections/Shard+TLS.swift", "Sources/Server/Metrics/Metric+Table.swift"],
}
LABELS_OF_PROMETHEUS = {"job", "instance"}
METRICS_OF_PROMETHEUS = {"up"}

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"')
SELECTION = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{(?:"(?:\\.|[^"\\])*"|[^}"])*\}|\(|)')
KINDS = r"\.(counter|gauge|histogram|untyped)\("
DECLARATION = re.compile(rf'{KINDS}\s*"(\w+)",((?:(?!{KINDS}).)*)', re.S)
KEYWORDS = {"and", "or", "unless", "bool"}


# What there is


def declared_metrics():
    """The table of the server: the names of the samples with their labels."""
    text = (ROOT / "Sources" / "Server" / "Metrics" / "Metric+Table.swift").read_text()
    samples, families = {}, set()
    for kind, name, rest, _ in DECLARATION.findall(text):
        labels = re.search(r'\bby: \(?("\w+"(?:, "\w+")*)', rest)
        families.add(name)
        if kind == "histogram":
            samples.update({f"{name}_bucket": {"le"}, f"{name}_sum": set(), f"{name}_count": set()})
        else:
            samples[name] = set(re.findall(r"\w+", labels.group(1))) if labels else set()
    return families, samples


def rules():
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard():
    return json.loads((FOLDER / "dashboard.json").read_text())


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions():
    """All expressions, with where each is."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    board = dashboard()
    for annotation in board["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], re.match(r"label_values\((\w+), \w+\)", variable["definition"]).group(1)


def selectors(expression):
    """The metrics that a PromQL expression selects, each with the text of its matchers; and the labels it groups by."""
    grouped = [label for text in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression)
               for label in NAME.findall(text)]  # fmt: skip
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expression)
    text = re.sub(r"\[[^\]]*\]|\boffset\s+-?\w+|(?<![\w\".])\d[\w.]*", " ", text)
    return [(name, rest) for name, rest in SELECTION.findall(text) if name not in KEYWORDS and rest != "("], grouped


def is_value(label, value):
    """Whether the source has this value of the label: as a literal, or as a case of an enumeration."""
    if label not in VALUES_OF_LABELS:
        return True
    source = "".join((ROOT / path).read_text() for path in VALUES_OF_LABELS[label])
    return bool(re.search(rf'"{value}"|\bcase {value}\b', source))


def promtool(*arguments, text=None):
    command = [str(PROMTOOL), *arguments]
    return subprocess.run(command, cwd=FOLDER, input=text, capture_output=True, text=True, timeout=60)


@pytest.fixture
def tool():
    if not PROMTOOL.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no {PROMTOOL}: `need_promtool` of tools/lib.sh unpacks it")
        pytest.skip("no promtool: run tools/test, which unpacks it")
    return promtool


# What the server says


def complaints(tool, text):
    done = tool("check", "metrics", text=text)
    # 3 is the status of complaints about names; anything else means that the text cannot be parsed.
    assert done.returncode in (0, 3), f"{done.stdout}{done.stderr}"
    return set((done.stdout + done.stderr).splitlines())


def use(server):
    """Opens a stream, publishes a message and provokes refusals; returns the metrics."""
    shop = server.shops[0]
    with open_stream(server, shop.id, shop.member) as stream:
        shop.post("counted")
        receive(stream)
        assert server.request("GET", f"/api/v1/shops/{shop.id}/messages").status_code == 401
        assert server.request("GET", "/nothing", shop.member).status_code == 404
        assert server.request("GET", f"/api/v1/shops/{shop.id}/messages/stream", shop.member).status_code == 400
        return server.request("GET", "/metrics").text


def write_keys(path):
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    key = {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(public)), "kid": "one", "alg": "EdDSA"}
    path.write_text(json.dumps({"keys": [key]}))
    return path


def metrics_of_a_waiting_server(serve, store):
    """The metrics of a server that takes over from one that has not ended."""
    server = serve(ready=False, store=store, args=["--takeover"]).launch()
    wait_until(lambda: '"listening"' in server.log(), 20, "the second server listens")
    return server.request("GET", "/metrics").text


def test_all_metrics_follow_the_conventions(serve, tool, tmp_path):
    """Some metrics exist only with TLS, keys from a file, PostgreSQL, traces, or another server whose store is awaited."""
    first = serve()
    texts = [use(first), metrics_of_a_waiting_server(serve, first.store)]
    assert 'websocket_auth_failures_total{kind="missing"} 1\n' in texts[0]
    assert 'websocket_upgrade_failures_total{status="400"} 1\n' in texts[0]
    keys = write_keys(tmp_path / "keys.json")
    env = {"AUTH_JWKS_FILE": str(keys), "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with migrated() as postgres:
        server = serve(tls=new_tls(tmp_path), store=postgres.uri, env=env)
        texts.append(use(server))
        server.end()
    for text in texts:
        assert complaints(tool, text) == ACCEPTED_COMPLAINTS
    families, _ = declared_metrics()
    assert set(re.findall(r"^# TYPE (\w+) ", "".join(texts), re.M)) == families


# The alerts


def test_the_rules_are_valid(tool):
    done = tool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should(tool):
    done = tool("test", "rules", "alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_for_both_results():
    cases = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    results = {}
    for case in cases:
        for check in case["promql_expr_test"]:
            alert = re.search(r'alertname="(\w+)"', check["expr"]).group(1)
            results.setdefault(alert, set()).add(bool(check["exp_samples"]))
        instances = {re.search(r'instance="(\w+)"', row["series"]).group(1) for row in case["input_series"]}
        # An alert for the absence of all servers cannot have one of each in one case.
        assert instances == {"bad", "good"} or case["name"].startswith("ShopstreamNotScraped"), case["name"]
    assert results == {rule["alert"]: {True, False} for rule in rules()}


def test_every_alert_says_what_it_means_and_what_to_do():
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names)) and all(name.startswith("Shopstream") for name in names)
    for rule in rules():
        texts = rule["annotations"]
        assert set(texts) == {"summary", "description", "action"}, rule["alert"]
        assert all(text == text.strip() and text.endswith(".") for text in texts.values()), rule["alert"]
        assert "{{" not in texts["summary"] + texts["action"], rule["alert"]
        assert set(rule["labels"]) == {"severity"} and rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert "$value" in texts["description"] or rule["expr"].startswith("absent("), rule["alert"]


def test_actions_refer_to_what_exists():
    names = {rule["alert"] for rule in rules()}
    families, _ = declared_metrics()
    settings = (ROOT / "Sources" / "Server" / "README.md").read_text()
    for rule in rules():
        text = rule["annotations"]["action"] + rule["annotations"]["description"]
        assert set(re.findall(r"\bShopstream\w+", text)) <= names, rule["alert"]
        assert set(re.findall(r"\b(?:websocket|shopstream|http|process)_\w+", text)) <= families, rule["alert"]
        for setting in re.findall(r"\b(?:SHOPSTREAM|WEBSOCKET|AUTH)_\w+", text):
            assert f"`{setting}`" in settings, f"{rule['alert']}: {setting}"


def test_the_table_says_what_the_annotations_say():
    rows = re.findall(r"^\| `(Shopstream\w+)` \| (\w+) \| (.+) \| (.+) \|$", (FOLDER / "README.md").read_text(), re.M)
    assert rows == [
        (rule["alert"], rule["labels"]["severity"], rule["annotations"]["summary"], rule["annotations"]["action"])
        for rule in rules()
    ]


# Names


def test_only_metrics_of_the_server_are_used():
    _, samples = declared_metrics()
    assert len(samples) > 50
    for place, expression in expressions():
        names = {name for name, _ in selectors(expression)[0]}
        assert names, f"{place}: no metric in {expression}"
        assert names <= set(samples) | METRICS_OF_PROMETHEUS, f"{place}: {expression}"


def test_only_labels_of_these_metrics_are_used():
    _, samples = declared_metrics()
    for place, expression in expressions():
        found, grouped = selectors(expression)
        labels_of_all = set(LABELS_OF_PROMETHEUS)
        for name, matchers in found:
            labels = LABELS_OF_PROMETHEUS | samples.get(name, set())
            labels_of_all |= labels
            for label, values in MATCHER.findall(matchers):
                assert label in labels, f"{place}: {name} has no label {label}"
                for value in values.split("|"):
                    assert is_value(label, value), f"{place}: {label}={value}"
        assert set(grouped) <= labels_of_all, f"{place}: {expression}"


def test_every_rule_selects_the_job():
    for rule in rules():
        for name, matchers in selectors(rule["expr"])[0]:
            assert 'job="shopstream"' in matchers, f"{rule['alert']}: {name}"


def test_an_unknown_name_would_be_noticed():
    found, grouped = selectors(
        '1 - sum by (le, a) (rate(one_total{x="two(}",y=~"b"}[5m] offset 1h)) > 2e3 and on (b) three'
    )  # fmt: skip
    assert [name for name, _ in found] == ["one_total", "three"]
    assert grouped == ["le", "a", "b"]
    assert MATCHER.findall(found[0][1]) == [("x", "two(}"), ("y", "b")]


# The dashboard


def test_the_dashboard_is_complete():
    board = dashboard()
    assert board["uid"] == "shopstream" and "id" not in board
    assert {variable["name"] for variable in board["templating"]["list"]} == {"datasource", "instance"}
    identifiers = [panel["id"] for panel in board["panels"]]
    assert len(identifiers) == len(set(identifiers))
    for panel in panels():
        title = panel["title"]
        assert panel["description"].endswith("."), title
        assert panel["fieldConfig"]["defaults"]["unit"], title
        assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"], title
        for target in panel["targets"]:
            for name, matchers in selectors(target["expr"])[0]:
                assert '{instance=~"$instance"' in matchers, f"{title}: {name}"


def test_panels_do_not_overlap():
    taken = set()
    for panel in dashboard()["panels"]:
        left, top, width, height = (panel["gridPos"][key] for key in "xywh")
        cells = {(x, y) for x in range(left, left + width) for y in range(top, top + height)}
        assert left + width <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_the_dashboard_is_sorted():
    text = (FOLDER / "dashboard.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def test_every_metric_is_shown_or_a_second_name():
    """What is neither in an alert nor on the dashboard would be noticed by no operator."""
    families, _ = declared_metrics()
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for _, text in expressions() for name, _ in selectors(text)[0]}
    second_names = {"websocket_connections_total", "websocket_disconnect_reasons", "websocket_broadcast_latency_ms"}
    assert families - used == second_names


def test_the_expressions_are_valid(tool, tmp_path):
    """Those of the dashboard too: as recording rules, with values in place of Grafana's variables."""
    records = [
        {"record": f"panel:{index}", "expr": text.replace("$__rate_interval", "5m").replace("$instance", ".*")}
        for index, (_, text) in enumerate(expressions())
    ]
    path = tmp_path / "records.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": records}]}))
    done = tool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
