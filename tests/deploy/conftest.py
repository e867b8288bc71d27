"""The chart, rendered by the real `helm`."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.config_schema import CHART
from tests.tools import tool

#: The oldest that Chart.yaml allows, the newest whose schemas are known, and some between.
KUBERNETES = ("1.29", "1.32", "1.34", "1.36", "1.37")
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    text: str

    @property
    def manifests(self) -> list[Manifest]:
        return [one for one in yaml.safe_load_all(self.text) if one]

    def of_kind(self, *kinds: str) -> list[Manifest]:
        return [one for one in self.manifests if one["kind"] in kinds]

    def one(self, kind: str) -> Manifest:
        (manifest,) = self.of_kind(kind)
        return manifest

    def named(self, kind: str, name: str) -> Manifest:
        return next(one for one in self.of_kind(kind) if one["metadata"]["name"] == name)


class Refused(Exception):
    """Helm's own words."""


Helm = Callable[..., str]
Render = Callable[..., Rendered]


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """`helm("lint", …)`: what it prints. It sees no cluster and nobody's settings."""
    program, home = tool("helm"), str(tmp_path_factory.mktemp("helm"))
    environ = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": f"{home}/none"}

    def run(*arguments: str | Path) -> str:
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=60, env=environ
        )
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout

    return run


@pytest.fixture(scope="session")
def render(helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """The chart with a file of values, and over it more of them."""
    folder = tmp_path_factory.mktemp("values")

    def rendered(
        values: Path | None = CI_VALUES[0],
        more: Manifest | None = None,
        *,
        kubernetes: str = KUBERNETES[-1],
        chart: Path = CHART,
    ) -> Rendered:
        over = folder / "over.yaml"
        over.write_text(yaml.safe_dump(more or {}))
        files = [part for file in (values, over) if file for part in ("--values", file)]
        where = ["--namespace", "payments", "--kube-version", f"{kubernetes}.0"]
        return Rendered(helm("template", "release", chart, *where, *files))

    return rendered


def pod_specs(rendered: Rendered) -> list[Manifest]:
    return [one["spec"]["template"]["spec"] for one in rendered.of_kind("Deployment", "Job")]
