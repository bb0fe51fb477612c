"""The manifests of tools/packaging/kubernetes: by the schemas of Kubernetes, by each other, and by the server."""

import re

import kubernetes_validate
import pytest
import yaml
from support.server import ROOT

FOLDER = ROOT / "tools" / "packaging" / "kubernetes"
# Kinds that no schema of Kubernetes itself has.
FOREIGN = {"Kustomization", "PodMonitor"}
MANIFESTS = {
    path.name: manifest
    for path in sorted(FOLDER.glob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
    if isinstance(manifest, dict)
}
DEPLOYMENT = MANIFESTS["deployment.yaml"]
POD = DEPLOYMENT["spec"]["template"]["spec"]
SERVER = POD["containers"][0]
SETTINGS = MANIFESTS["settings.yaml"]["data"]


@pytest.mark.parametrize("version", ["1.29", "1.34"])
@pytest.mark.parametrize("name", [name for name, manifest in MANIFESTS.items() if manifest["kind"] not in FOREIGN])
def test_a_manifest_follows_its_schema(name, version):
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


def test_a_wrong_manifest_is_noticed():
    wrong = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replica": 3}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_kustomize_lists_every_manifest_but_that_of_the_operator():
    listed = set(MANIFESTS["kustomization.yaml"]["resources"])
    assert listed == set(MANIFESTS) - {"kustomization.yaml", "pod-monitor.yaml"}


def test_the_settings_exist():
    table = (ROOT / "Sources" / "Server" / "README.md").read_text()
    assert [name for name in SETTINGS if f"\n| `{name}`" not in table] == []


def test_selectors_select_the_pods():
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    selectors = [
        DEPLOYMENT["spec"]["selector"]["matchLabels"], MANIFESTS["service.yaml"]["spec"]["selector"],
        MANIFESTS["disruption-budget.yaml"]["spec"]["selector"]["matchLabels"],
        MANIFESTS["network-policy.yaml"]["spec"]["podSelector"]["matchLabels"],
        MANIFESTS["pod-monitor.yaml"]["spec"]["selector"]["matchLabels"],
        *(constraint["labelSelector"]["matchLabels"] for constraint in POD["topologySpreadConstraints"]),
    ]  # fmt: skip
    assert all(selector == labels for selector in selectors)
    assert MANIFESTS["autoscaler.yaml"]["spec"]["scaleTargetRef"]["name"] == DEPLOYMENT["metadata"]["name"]


def test_ports_are_those_of_the_listeners():
    ports = {port["name"]: port["containerPort"] for port in SERVER["ports"]}
    assert SETTINGS["SHOPSTREAM_LISTEN"].endswith(f":{ports['http']}")
    assert SETTINGS["SHOPSTREAM_METRICS_LISTEN"].endswith(f":{ports['metrics']}")
    policy = MANIFESTS["network-policy.yaml"]["spec"]["ingress"]
    used = [MANIFESTS["service.yaml"]["spec"]["ports"][0]["targetPort"]]
    used += [port["port"] for rule in policy for port in rule["ports"]]
    used += [SERVER[f"{probe}Probe"]["httpGet"]["port"] for probe in ("startup", "liveness", "readiness")]
    used += [endpoint["port"] for endpoint in MANIFESTS["pod-monitor.yaml"]["spec"]["podMetricsEndpoints"]]
    assert set(used) == set(ports)


def test_the_grace_period_is_longer_than_the_stop():
    seconds = [int(SETTINGS[f"SHOPSTREAM_DRAIN_{name}_SECONDS"]) for name in ("DELAY", "WINDOW")]
    assert POD["terminationGracePeriodSeconds"] > sum(seconds) + 10


def test_the_autoscaler_counts_a_metric_of_the_server(common_server):
    name = MANIFESTS["autoscaler.yaml"]["spec"]["metrics"][0]["pods"]["metric"]["name"]
    assert name in common_server.metrics()
    rules = yaml.safe_load((FOLDER / "adapter-rules.yaml").read_text())
    assert [rule["name"]["as"] for rule in rules] == [name]
    assert re.match(r"\w+", rules[0]["seriesQuery"]).group() == name


def test_the_image_is_run_by_the_user_that_it_has():
    user = re.search(r"^USER (\d+):(\d+)$", (FOLDER.parent / "Containerfile").read_text(), re.MULTILINE)
    context = POD["securityContext"]
    assert [context["runAsUser"], context["runAsGroup"]] == [int(user[1]), int(user[2])]
