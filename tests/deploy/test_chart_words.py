"""What the chart says about itself agrees with the project and with its own values."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.config_schema import CHART, FILE, with_config
from tests.deploy.conftest import KUBERNETES, Render

ROOT = CHART.parents[2]
NAME = "release-stripe-chat-bridge"


def test_the_schemas_config_is_the_configurations_own() -> None:
    schema = json.loads(FILE.read_text())
    assert with_config(schema) == schema, "run `python -m tests.deploy.config_schema`"


def test_a_changed_config_schema_would_be_noticed() -> None:
    schema = json.loads(FILE.read_text())
    del schema["properties"]["config"]["properties"]["delivery"]["properties"]["lease"]
    assert with_config(schema) != schema


def test_the_chart_runs_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["apiVersion"] == "v2"
    assert chart["appVersion"] == project["version"]
    assert chart["description"] == project["description"]
    assert chart["kubeVersion"] == f">={KUBERNETES[0]}.0-0"


def test_the_readmes_table_is_the_values() -> None:
    page = (CHART / "README.md").read_text()
    rows = re.findall(r"^\| `([\w.]+)` \| `(.+?)` \| (.+) \|$", page, re.MULTILINE)
    assert [(name, json.loads(default)) for name, default, _ in rows] == list(_leaves())
    assert all(meaning.endswith(".") for _, _, meaning in rows)


def _leaves(tree: Any = None, place: str = "") -> Any:
    tree = yaml.safe_load((CHART / "values.yaml").read_text()) if tree is None else tree
    for key, value in tree.items():
        here = f"{place}.{key}".lstrip(".")
        if isinstance(value, dict) and value:
            yield from _leaves(value, here)
        else:
            yield here, value


def test_the_readmes_example_renders(render: Render, tmp_path: Path) -> None:
    page = (CHART / "README.md").read_text()
    values = tmp_path / "my-values.yaml"
    values.write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0])
    assert render(values).one("Deployment")["metadata"]["name"] == NAME


@pytest.fixture
def notes(render: Render, tmp_path: Path) -> Any:
    """`helm template` shows no notes: a copy of the chart has them as a manifest."""
    chart = shutil.copytree(CHART, tmp_path / "chart")
    text = (chart / "templates" / "NOTES.txt").read_text()
    (chart / "templates" / "NOTES.txt").unlink()
    (chart / "templates" / "notes.yaml").write_text(
        f'{{{{- define "notes" -}}}}\n{text}\n{{{{- end -}}}}\n'
        'kind: Notes\ntext: |\n  {{- include "notes" . | nindent 2 }}\n'
    )

    def said(values: str, more: Any = None) -> str:
        return str(render(CHART / "ci" / values, more, chart=chart).one("Notes")["text"])

    return said


def test_the_notes_say_where_stripe_calls(notes: Any) -> None:
    said = notes("sqlite-values.yaml")
    assert "acme: https://bridge.example.org/stripe/webhook/acme\n" in said
    assert f"exec deploy/{NAME} -c bridge -- stripe-bridge registration" in said
    assert f"http://{NAME}.payments.svc:8080" in said
    assert "it stays when the release is uninstalled" in said
    assert "over https" not in said


def test_the_notes_warn_of_plain_http(notes: Any) -> None:
    said = notes("sqlite-values.yaml", {"ingress": {"tls": []}})
    assert "acme: http://bridge.example.org/stripe/webhook/acme\n" in said
    assert "Stripe calls live endpoints only over https" in said


def test_the_notes_without_an_ingress_or_migrations(notes: Any) -> None:
    said = notes("postgresql-values.yaml", {"migrations": {"mode": "none"}})
    assert "acme-test: https://<your host>/stripe/webhook/acme-test\n" in said
    assert (
        "let /stripe/webhook, and nothing else, from outside to the Service stripe-bridge" in said
    )
    assert "stripe-bridge migrate" in said


def test_the_notes_hold_no_secret(notes: Any) -> None:
    said = notes("sqlite-values.yaml")
    assert not [word for word in ("rk_test", "whsec", "says-this", "json://") if word in said]
