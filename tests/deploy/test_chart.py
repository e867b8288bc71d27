"""What the chart renders is what Kubernetes takes, "restricted" allows, and an operator expects."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.config_schema import CHART
from tests.deploy.conftest import CI_VALUES, KUBERNETES, Helm, Manifest, Refused, Render, pod_specs
from tests.deploy.restricted import containers, violations

each_values = pytest.mark.parametrize("values", CI_VALUES, ids=lambda file: file.stem)
SQLITE = CHART / "ci" / "sqlite-values.yaml"
BOT = CHART / "ci" / "bot-values.yaml"
POSTGRESQL = CHART / "ci" / "postgresql-values.yaml"


@each_values
def test_lint_finds_nothing(values: Path, helm: Helm) -> None:
    oldest = f"{KUBERNETES[0]}.0"
    said = helm("lint", "--strict", "--kube-version", oldest, CHART, "--values", values)
    assert "0 chart(s) failed" in said
    assert "[WARNING]" not in said


@pytest.mark.parametrize("version", KUBERNETES)
@each_values
def test_kubernetes_takes_every_manifest(values: Path, version: str, render: Render) -> None:
    manifests = render(values, kubernetes=version).manifests
    assert {one["kind"] for one in manifests} >= {"Deployment", "Service", "ConfigMap"}
    for manifest in manifests:
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_a_wrong_manifest_would_be_noticed(render: Render) -> None:
    wrong = deepcopy(render().one("Deployment"))
    wrong["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


def test_a_bot_is_one_process_at_a_time_with_its_own_secrets_alone(render: Render) -> None:
    rendered = render(BOT)
    deployment = rendered.one("Deployment")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    written = yaml.safe_load(rendered.one("ConfigMap")["data"]["bridge.yaml"])
    matrix = written["matrix"]
    assert (matrix["mode"], matrix["user_id"]) == ("bot", "@payments:example.org")
    assert matrix["access_token_file"] == "secrets/matrix.access_token"
    assert not {"as_token_file", "hs_token_file", "password_file"} & set(matrix)
    (volume,) = [
        one
        for one in deployment["template"]["spec"]["volumes"]
        if "projected" in one and "secret" in str(one)
    ]
    assert "matrix-bot" in str(volume)


def test_an_older_kubernetes_is_refused(render: Render) -> None:
    with pytest.raises(Refused, match="kubeVersion"):
        render(kubernetes="1.28")


@each_values
def test_every_pod_passes_restricted(values: Path, render: Render) -> None:
    for pod in pod_specs(render(values)):
        assert violations(pod) == []
        assert pod["automountServiceAccountToken"] is False
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["resources"]["requests"]


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        ("hostNetwork", True, "hostNetwork"),
        ("volumes", [{"name": "x", "hostPath": {"path": "/"}}], "volume x: hostPath"),
        ("securityContext", {"runAsUser": 0}, "pod: runAsUser"),
        ("containers.privileged", True, "bridge: privileged"),
        ("containers.allowPrivilegeEscalation", None, "bridge: allowPrivilegeEscalation"),
        ("containers.capabilities", {}, "bridge: capabilities.drop"),
        ("containers.runAsNonRoot", False, "bridge: runAsNonRoot"),
        ("containers.seccompProfile", {"type": "Unconfined"}, "bridge: seccompProfile"),
        ("initContainers.capabilities", {"drop": ["NET_RAW"]}, "migrate: capabilities.drop"),
    ],
)
def test_what_is_not_restricted_would_be_noticed(
    place: str, value: Any, rule: str, render: Render
) -> None:
    (pod,) = pod_specs(render(SQLITE))
    kind, _, key = place.partition(".")
    (pod[kind][0]["securityContext"] if key else pod)[key or kind] = value
    assert rule in violations(pod)


@each_values
def test_rendering_twice_gives_the_same(values: Path, render: Render) -> None:
    assert render(values) == render(values)


@each_values
def test_names_fit_and_labels_select_only_the_bridge(values: Path, render: Render) -> None:
    rendered = render(values, {"fullnameOverride": "n" * 80})
    assert all(len(one["metadata"]["name"]) <= 63 for one in rendered.manifests)
    selector = rendered.one("Service")["spec"]["selector"].items()
    deployment = rendered.one("Deployment")["spec"]
    assert selector == deployment["selector"]["matchLabels"].items()
    assert selector <= deployment["template"]["metadata"]["labels"].items()
    for job in rendered.of_kind("Job"):
        assert not selector <= job["spec"]["template"]["metadata"]["labels"].items()


def test_sqlite_is_one_process_with_its_own_volume(render: Render) -> None:
    rendered = render(SQLITE)
    (pod,) = pod_specs(rendered)
    claim = rendered.one("PersistentVolumeClaim")["metadata"]
    mounted = {one["name"]: one for one in pod["volumes"]}["store"]
    assert rendered.one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert mounted["persistentVolumeClaim"] == {"claimName": claim["name"]}
    assert claim["annotations"]["helm.sh/resource-policy"] == "keep"
    for container in containers(pod):
        assert {"name": "store", "mountPath": "/var/lib/stripe-bridge"} in container["volumeMounts"]


def test_an_existing_claim_is_used(render: Render) -> None:
    rendered = render(SQLITE, {"store": {"volume": {"existingClaim": "old"}}})
    (pod,) = pod_specs(rendered)
    assert rendered.of_kind("PersistentVolumeClaim") == []
    assert {"claimName": "old"} in [one.get("persistentVolumeClaim") for one in pod["volumes"]]


def test_postgresql_rolls_and_has_no_volume(render: Render) -> None:
    rendered = render(POSTGRESQL)
    deployment = rendered.one("Deployment")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["type"] == "RollingUpdate"
    assert rendered.of_kind("PersistentVolumeClaim", "Secret") == []


@pytest.mark.parametrize(("mode", "init", "jobs"), [("init", 1, 0), ("job", 0, 1), ("none", 0, 0)])
def test_migrations_run_where_they_should(mode: str, init: int, jobs: int, render: Render) -> None:
    rendered = render(POSTGRESQL, {"migrations": {"mode": mode}})
    pod = rendered.one("Deployment")["spec"]["template"]["spec"]
    made = [*pod.get("initContainers", []), *_of_jobs(render, mode)]
    assert (len(pod.get("initContainers", [])), len(rendered.of_kind("Job"))) == (init, jobs)
    for container in made:
        assert container["args"] == ["migrate", "--config", "/etc/stripe-bridge/bridge.yaml"]


def _of_jobs(render: Render, mode: str) -> list[Any]:
    jobs = render(POSTGRESQL, {"migrations": {"mode": mode}}).of_kind("Job")
    return [one for job in jobs for one in job["spec"]["template"]["spec"]["containers"]]


def test_the_job_needs_only_what_hooks_brought_before_it(render: Render) -> None:
    more: Manifest = {"migrations": {"mode": "job"}, "serviceAccount": {"create": True, "name": ""}}
    rendered = render(CHART / "ci" / "postgresql-init-values.yaml", more)
    job = rendered.one("Job")
    weight = int(job["metadata"]["annotations"]["helm.sh/hook-weight"])
    pod = job["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "default"
    for source in _sources(pod):
        ((kind, what),) = source.items()
        manifest = rendered.named(
            {"configMap": "ConfigMap", "secret": "Secret"}[kind], what["name"]
        )
        hook = manifest["metadata"]["annotations"]
        assert hook["helm.sh/hook"] == job["metadata"]["annotations"]["helm.sh/hook"]
        assert int(hook["helm.sh/hook-weight"]) < weight


def _sources(pod: Any) -> list[Any]:
    files = next(one for one in pod["volumes"] if one["name"] == "files")
    sources: list[Any] = files["projected"]["sources"]
    return sources


@each_values
def test_the_probes_ask_the_one_port(values: Path, render: Render) -> None:
    bridge = render(values).one("Deployment")["spec"]["template"]["spec"]["containers"][0]
    asked = {
        kind: bridge[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")
    }
    assert asked == {
        "startup": {"path": "/live", "port": "http"},
        "liveness": {"path": "/live", "port": "http"},
        "readiness": {"path": "/ready", "port": "http"},
    }
    assert bridge["ports"] == [{"name": "http", "containerPort": 8080}]


def test_only_webhooks_come_in_from_outside(render: Render) -> None:
    rules = render(SQLITE).one("Ingress")["spec"]["rules"]
    paths = [path["path"] for rule in rules for path in rule["http"]["paths"]]
    assert paths == ["/stripe/webhook"]
    assert render(POSTGRESQL).of_kind("Ingress") == []


@pytest.mark.parametrize(
    ("changed", "checksum"),
    [
        ({"config": {"timezone": "UTC"}}, "checksum/config"),
        ({"config": {"matrix": {"as_token": {"value": "another"}}}}, "checksum/secret"),
    ],
)
def test_a_change_starts_the_pods_anew(changed: Any, checksum: str, render: Render) -> None:
    before, after = _annotations(render, {}), _annotations(render, changed)
    assert {key for key in before if before[key] != after[key]} == {checksum}


def _annotations(render: Render, more: Any) -> dict[str, str]:
    template = render(SQLITE, more).one("Deployment")["spec"]["template"]
    annotations: dict[str, str] = template["metadata"]["annotations"]
    return annotations


@each_values
def test_it_stops_later_than_a_lease_ends(values: Path, render: Render) -> None:
    lease = {"postgresql-values": 90}.get(values.stem, 60)
    rendered = render(values).one("Deployment")["spec"]["template"]["spec"]
    pause = int(rendered["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert rendered["terminationGracePeriodSeconds"] > lease + pause


def test_the_image_can_be_pinned_by_digest(render: Render) -> None:
    given = yaml.safe_load(POSTGRESQL.read_text())["image"]
    (pod, *_) = pod_specs(render(POSTGRESQL))
    image = pod["containers"][0]["image"]
    assert image == f"{given['repository']}:{given['tag']}@{given['digest']}"
