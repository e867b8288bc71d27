"""Secrets go into Secrets and reach the bridge as files; the rendered bridge.yaml loads."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.config import Config, load
from tests.deploy.config_schema import CHART
from tests.deploy.conftest import CI_VALUES, Render, Rendered

each_values = pytest.mark.parametrize("values", CI_VALUES, ids=lambda file: file.stem)
#: The Secrets that ci/postgresql-values.yaml expects to be there.
EXISTING = {
    ("stripe-acme", "reader"): "rk_live_reader",
    ("stripe-acme", "writer"): "rk_live_writer",
    ("stripe-acme", "webhook"): "whsec_new\nwhsec_old\n",
    ("stripe-acme-test", "reader"): "rk_test_reader",
    ("stripe-acme-test", "webhook"): "whsec_test",
    ("matrix-appservice", "as-token"): "the-bridge-says-this",
    ("matrix-appservice", "hs-token"): "the-homeserver-says-this",
    ("matrix-bot", "token"): "the-bot-says-this",
    ("stripe", "reader"): "rk_test_reader",
    ("stripe", "writer"): "rk_test_writer",
    ("stripe", "webhook"): "whsec_one",
    ("apprise", "on-call"): "json://receiver:8000/page",
    ("database", "url"): "postgresql+asyncpg://bridge:not-a-password@database/bridge",
}


@each_values
def test_values_that_are_secret_are_in_no_other_manifest(values: Path, render: Render) -> None:
    given = set(_values(yaml.safe_load(values.read_text())))
    rendered = render(values, {"migrations": {"mode": "init"}})
    kept = {text for one in rendered.of_kind("Secret") for text in _decoded(one).values()}
    open_to_all = yaml.safe_dump_all(one for one in rendered.manifests if one["kind"] != "Secret")
    assert kept == given
    assert [secret for secret in given for line in secret.split() if line in open_to_all] == []


def _values(tree: Any) -> Iterator[str]:
    """What stands under a `value` of {value: …}."""
    if isinstance(tree, dict) and tree.keys() == {"value"}:
        yield tree["value"]
    elif isinstance(tree, dict):
        for child in tree.values():
            yield from _values(child)


@each_values
def test_no_secret_is_an_environment_variable_or_argument(values: Path, render: Render) -> None:
    assert "secretKeyRef" not in render(values).text


@each_values
def test_the_rendered_configuration_loads(values: Path, render: Render, tmp_path: Path) -> None:
    rendered = render(values)
    given = yaml.safe_load(values.read_text())["config"]
    for number, workload in enumerate(rendered.of_kind("Deployment", "Job")):
        config = _loaded(rendered, workload, tmp_path / str(number))
        assert config.accounts.keys() == given["accounts"].keys()
        assert _said(config) == (
            [None, None, "the-bot-says-this"]
            if config.matrix.mode == "bot"
            else ["the-bridge-says-this", "the-homeserver-says-this", None]
        )
        assert config.web.port == 8080


def _said(config: Config) -> list[str | None]:
    matrix = config.matrix
    tokens = (matrix.as_token, matrix.hs_token, matrix.access_token)
    return [one.get_secret_value() if one else None for one in tokens]


def test_what_is_left_out_stays_out(render: Render, tmp_path: Path) -> None:
    rendered = render(CHART / "ci" / "postgresql-values.yaml")
    config = _loaded(rendered, rendered.one("Deployment"), tmp_path)
    writers = {name: account.writer_key for name, account in config.accounts.items()}
    assert writers["acme-test"] is None
    assert writers["acme"] is not None
    assert len(config.accounts["acme"].webhook_secrets) == 2


def test_values_arrive_as_they_were_written(render: Render, tmp_path: Path) -> None:
    more = {
        "config": {
            "web": {"max_body_bytes": 67108864},
            "people": {"bo": {"matrix": "@bo:example.org", "roles": ["support"]}},
            "matrix": {"channels": {"vip": {"topic": "yes: no, #1 & 'that'", "roles": ["*"]}}},
            "routes": [{"name": "all", "to": ["#vip"], "match": {"metadata": {"tier": "on"}}}],
        }
    }
    rendered = render(CHART / "ci" / "sqlite-values.yaml", more)
    config = _loaded(rendered, rendered.one("Deployment"), tmp_path)
    assert config.web.max_body_bytes == 67108864
    assert config.matrix.channels["vip"].topic == "yes: no, #1 & 'that'"
    assert config.routes[0].match.metadata == {"tier": "on"}
    assert config.people.keys() == {"anna", "bo"}


def test_the_homeserver_is_told_the_services_address(render: Render, tmp_path: Path) -> None:
    rendered = render(CHART / "ci" / "sqlite-values.yaml", {"service": {"port": 80}})
    config = _loaded(rendered, rendered.one("Deployment"), tmp_path)
    service = rendered.one("Service")["metadata"]["name"]
    assert config.matrix.bridge_url == f"http://{service}.payments.svc:80"


def _loaded(rendered: Rendered, workload: Mapping[str, Any], folder: Path) -> Config:
    """Its volume `files`, laid out as Kubernetes would, and read as the bridge would."""
    volumes = workload["spec"]["template"]["spec"]["volumes"]
    files = next(one for one in volumes if one["name"] == "files")["projected"]
    for source in files["sources"]:
        ((kind, what),) = source.items()
        for item in what["items"]:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_content(rendered, kind, what["name"], item["key"]))
    return load(folder / "bridge.yaml", {})


def _content(rendered: Rendered, kind: str, name: str, key: str) -> str:
    if kind == "configMap":
        return str(rendered.named("ConfigMap", name)["data"][key])
    if (name, key) in EXISTING:
        return EXISTING[name, key]
    return _decoded(rendered.named("Secret", name))[key]


def _decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    return {key: base64.b64decode(data).decode() for key, data in secret["data"].items()}
