"""What can be proved of the image without an engine: its recipe, and the wheel that it installs."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.store.migrate import newest
from tests.deploy.config_schema import CHART

ROOT = CHART.parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
#: (instruction, what follows), with continued lines joined.
STEPS = [
    (step.split(" ", 1)[0], step.split(" ", 1)[1].strip())
    for step in re.sub(
        r"\s*\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    ).splitlines()
    if step.strip()
]
#: Those of the stage that is run.
LAST = STEPS[max(n for n, (word, _) in enumerate(STEPS) if word == "FROM") :]


def _of(word: str, steps: list[tuple[str, str]]) -> list[str]:
    return [rest for one, rest in steps if one == word]


def test_its_bases_are_pinned_by_a_tag_and_name_no_host() -> None:
    bases = [base.split()[0] for base in _of("FROM", STEPS)]
    assert set(bases) == {"python:3.11-slim"}
    assert "://" not in DOCKERFILE


def test_it_runs_as_a_numeric_user_from_a_read_only_root() -> None:
    environment = _environment()
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", _of("USER", LAST)[-1])
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment["HOME"] == "/tmp"


def test_it_runs_the_bridge_and_stops_it_by_sigterm() -> None:
    assert _of("ENTRYPOINT", LAST) == ['["stripe-bridge"]']
    assert _of("CMD", LAST) == ['["run", "--config", "/etc/stripe-bridge/bridge.yaml"]']
    assert _of("STOPSIGNAL", LAST) == ["SIGTERM"]


def test_whatever_it_installs_is_hash_locked_or_its_own() -> None:
    installs = re.findall(r"pip install [^&]*", " && ".join(_of("RUN", STEPS)))
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or "--no-index --no-deps" in install


def test_the_chart_runs_the_images_user_and_paths() -> None:
    values, pod = (CHART / "values.yaml").read_text(), (CHART / "templates/_pod.tpl").read_text()
    user, group = _of("USER", LAST)[-1].split(":")
    assert f"runAsUser: {user}\n" in values
    assert f"fsGroup: {group}\n" in values
    assert f"mountPath: {_of('WORKDIR', LAST)[-1]}\n" in pod
    assert f"mountPath: {Path(_environment()['STRIPE_BRIDGE_CONFIG']).parent}\n" in pod


def _environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(" ".join(_of("ENV", LAST))))


def _copied() -> set[str]:
    """What the recipe takes from the project's folder."""
    copies = [shlex.split(rest) for rest in _of("COPY", STEPS)]
    return {one for copy in copies if not copy[0].startswith("--") for one in copy[:-1]}


def test_docker_is_sent_only_what_is_copied() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == _copied()


@dataclass(frozen=True)
class Installed:
    wheel: Path
    folder: Path

    def run(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """`stripe-bridge …` from the wheel, with the image's environment."""
        image = {key: value for key, value in _environment().items() if key != "PATH"}
        environ = {**image, "PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder)}
        command = [sys.executable, str(self.folder / "bin" / "stripe-bridge"), *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=60, env=environ, cwd=cwd
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built from what the recipe copies, by its own command, and put into a folder of its own."""
    tree = tmp_path_factory.mktemp("tree")
    for name in _copied():
        _copy(ROOT / name, tree / name)
    _python("-m", "hatchling", "build", "-t", "wheel", "-d", "dist", cwd=tree)
    (wheel,) = (tree / "dist").glob("*.whl")
    folder = tmp_path_factory.mktemp("installed")
    pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    _python(*pip, "--no-index", "--no-deps", "--target", str(folder), str(wheel), cwd=tree)
    return Installed(wheel, folder)


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copy(source, to)


def _python(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_has_the_migrations_and_nothing_that_is_not_run(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    scripts = {path.name for path in (ROOT / "alembic" / "versions").glob("*.py")}
    inside = {
        name.rpartition("/")[2] for name in names if name.startswith("bridge/_alembic/versions/")
    }
    assert inside == scripts != set()
    assert {"bridge/_alembic/env.py", "bridge/_alembic/script.py.mako", "bridge/py.typed"} <= set(
        names
    )
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bridge"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_installed_wheel_migrates_and_writes_nothing_else(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "bridge.yaml").write_text(_CONFIG)
    before = _files(installed.folder)
    for _ in range(2):
        done = installed.run("migrate", "--config", "bridge.yaml", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert _revision(tmp_path / "store.db") == newest()
    assert _files(installed.folder) == before
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {"bridge.yaml", "store.db"}


def test_the_installed_wheel_is_what_ran(installed: Installed, tmp_path: Path) -> None:
    """A mistake in the file is told by the installed command, as a sentence and no traceback."""
    (tmp_path / "bridge.yaml").write_text(_CONFIG.replace("sqlite+aiosqlite", "mysql"))
    shown = installed.run("--version", cwd=tmp_path)
    done = installed.run("migrate", "--config", "bridge.yaml", cwd=tmp_path)
    assert installed.wheel.name.split("-")[1] in shown.stdout
    assert done.returncode == 2
    assert "store.url: should begin with" in done.stderr
    assert "Traceback" not in done.stderr


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def _revision(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        ((revision,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(revision)
    finally:
        connection.close()


_CONFIG = """\
store: {url: "sqlite+aiosqlite:///store.db"}
accounts:
  acme: {reader_key: rk_test_reader, webhook_secrets: [whsec_one]}
matrix:
  homeserver: http://127.0.0.1:8008
  server_name: example.org
  as_token: ours
  hs_token: theirs
"""
