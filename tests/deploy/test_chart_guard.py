"""Values that cannot work are refused before anything reaches the cluster."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.config_schema import CHART
from tests.deploy.conftest import Refused, Render

SQLITE = CHART / "ci" / "sqlite-values.yaml"
POSTGRESQL = CHART / "ci" / "postgresql-values.yaml"
BOT = CHART / "ci" / "bot-values.yaml"
BOTH = {"value": "x", "existingSecret": "s", "key": "k"}


def _matrix(**values: Any) -> dict[str, Any]:
    return {"config": {"matrix": values}}


def _account(**values: Any) -> dict[str, Any]:
    return {"config": {"accounts": {"acme": values}}}


@pytest.mark.parametrize(
    ("base", "more", "sentence"),
    [
        (SQLITE, {"replicas": 2}, "replicas is 2, but SQLite serves one process"),
        (
            SQLITE,
            {"store": {"url": {"value": "x"}}},
            "store.url is given, but store.kind is sqlite",
        ),
        (SQLITE, {"migrations": {"mode": "job"}}, "the job runs before SQLite's volume is there"),
        (SQLITE, _matrix(homeserver=""), "config.matrix.homeserver is missing"),
        (SQLITE, _matrix(server_name=""), "config.matrix.server_name is missing"),
        (SQLITE, _matrix(as_token=BOTH), "config.matrix.as_token is given both ways"),
        (SQLITE, _matrix(hs_token={"value": ""}), "config.matrix.hs_token is missing"),
        (SQLITE, _account(reader_key=BOTH), "config.accounts.acme.reader_key is given both ways"),
        (SQLITE, _account(writer_key=BOTH), "config.accounts.acme.writer_key is given both ways"),
        (
            SQLITE,
            _account(webhook_secrets={"value": ""}),
            "config.accounts.acme.webhook_secrets is missing",
        ),
        (
            SQLITE,
            _account(writer_key={"value": "", "key": "k"}),
            "config.accounts.acme.writer_key is half given",
        ),
        (
            SQLITE,
            _account(reader_key={"value": "", "existingSecret": "s"}),
            "config.accounts.acme.reader_key is half given",
        ),
        (
            SQLITE,
            {"config": {"targets": {"mail": {"tags": ["x"]}}}},
            "config.targets.mail.apprise is missing",
        ),
        (
            POSTGRESQL,
            {"store": {"url": {"existingSecret": "", "key": ""}}},
            "store.url is missing",
        ),
        (
            POSTGRESQL,
            {"store": {"url": {"existingSecret": "", "key": "", "value": "sqlite+aiosqlite:///x"}}},
            "store.url should begin with postgresql+asyncpg://",
        ),
        (
            SQLITE,
            {"config": {"delivery": {"lease": "1h1m30s"}}},
            "terminationGracePeriodSeconds is 90, and should be more than 3695",
        ),
        (SQLITE, {"preStopSleepSeconds": 30}, "should be more than 90"),
        (POSTGRESQL, _matrix(mode="bot"), "replicas is 2, but a bot is one process"),
        (SQLITE, _matrix(mode="bot"), "config.matrix.user_id is missing"),
        (SQLITE, _matrix(mode="bot"), "config.matrix.as_token means nothing in bot mode"),
        (
            BOT,
            _matrix(access_token={"existingSecret": "", "key": ""}),
            "config.matrix.access_token is missing",
        ),
        (SQLITE, {"ingress": {"hosts": []}}, "ingress.hosts is empty"),
    ],
)
def test_it_fails_with_a_sentence(base: Any, more: Any, sentence: str, render: Render) -> None:
    with pytest.raises(Refused) as refused:
        render(base, more)
    assert sentence in str(refused.value)


def test_without_values_every_missing_one_is_told_at_once(render: Render) -> None:
    with pytest.raises(Refused) as refused:
        render(None)
    for missing in (
        "config.accounts is empty",
        "homeserver",
        "server_name",
        "as_token",
        "hs_token",
    ):
        assert missing in str(refused.value)


def test_a_secret_never_shows_in_what_is_refused(render: Render) -> None:
    with pytest.raises(Refused) as refused:
        render(SQLITE, _matrix(as_token={**BOTH, "value": "not-to-be-seen"}))
    assert "not-to-be-seen" not in str(refused.value)


SCHEMA = json.loads((CHART / "values.schema.json").read_text())
#: Kubernetes' own shapes, which its API checks, and what Helm itself hands to every chart.
OPEN = {
    "global",
    "affinity",
    "topologySpreadConstraints[]",
    "extraEnv[].valueFrom",
    "extraEnvFrom[]",
    "extraVolumes[]",
    "extraVolumeMounts[]",
}


def _objects(schema: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
    if schema.get("type") == "object":
        yield place, schema
        for key, inner in schema.get("properties", {}).items():
            yield from _objects(inner, f"{place}.{key}".lstrip("."))
        if isinstance(inner := schema.get("additionalProperties"), dict):
            yield from _objects(inner, f"{place}.NAME")
    elif schema.get("type") == "array":
        yield from _objects(schema["items"], f"{place}[]")


def test_the_schema_is_closed_at_every_level() -> None:
    found = list(_objects(SCHEMA))
    assert {place for place, schema in found if "additionalProperties" not in schema} == OPEN
    assert not [place for place, schema in found if schema.get("additionalProperties") is True]


def _with_unknown(place: str) -> dict[str, Any]:
    """Values that hold an unknown key at `place`."""
    values: Any = {"unknown-key": 1}
    for step in reversed(place.split(".") if place else []):
        inner = [values] if step.endswith("[]") else values
        values = {step.removesuffix("[]") if step != "NAME" else "acme": inner}
    return dict(values)


CLOSED = [place for place, one in _objects(SCHEMA) if one.get("additionalProperties") is False]


@pytest.mark.parametrize("place", CLOSED)
def test_unknown_keys_are_refused(place: str, render: Render) -> None:
    with pytest.raises(Refused, match="unknown-key"):
        render(SQLITE, _with_unknown(place))


@pytest.mark.parametrize(
    "more",
    [
        {"replicas": "2"},
        {"store": {"kind": "mysql"}},
        {"config": {"delivery": {"lease": "PT90S"}}},
        {"config": {"accounts": {"Not A Name": {}}}},
        {"config": {"store": {"url": "x"}}},
        {"config": {"accounts": {"acme": {"reader_key": "rk_test_plain"}}}},
        {"podSecurity": {"runAsUser": 0}},
    ],
)
def test_wrong_kinds_of_values_are_refused(more: Any, render: Render) -> None:
    with pytest.raises(Refused, match="specifications of the schema"):
        render(SQLITE, more)
