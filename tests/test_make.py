"""The Makefile's promises: help tells every target, set-up is locked and not repeated."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
TARGETS = {"help", "setup", "demo", "test", "check", "format", "lock", "clean"}


def _make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    # What a `make test` around this hands down would change what is tested.
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env=environ,
    )


def test_help_tells_every_target() -> None:
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = re.findall(r"^  make ([a-z-]+) +\S", _make("help").stdout, re.MULTILINE)
    assert set(told) >= TARGETS
    assert set(told) == {target for line in phony for target in line.split()}
    assert _make().stdout == _make("help").stdout


def test_the_locks_are_there() -> None:
    assert [lock.name for lock in LOCKS] == [
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements.txt",
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_one_version_and_hashes_and_no_address(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    packages = "\n".join(lines).replace(" \\\n", "").splitlines()
    for package in packages:
        name, *hashes = package.split("    ")
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[\w.!+]+( ; [^@]+)?", name), name
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), name
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_what_is_tested_is_what_is_shipped(name: str) -> None:
    tested, shipped = _pins(ROOT / "requirements-dev.txt"), _pins(ROOT / name)
    assert shipped
    assert shipped.items() <= tested.items()


def _pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==(\S+)", lock.read_text(), re.MULTILINE))


_PYTHON = """\
#!/bin/sh
echo "$*" >> calls
case "$*" in
    "-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"-r requirements-dev.txt") exit ${INSTALL_FAILS:-0} ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The Makefile in a project whose Python only writes down what it was asked."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1_000, 1_000))
    python = tmp_path / "python"
    python.write_text(_PYTHON)
    python.chmod(0o755)
    return tmp_path


def _set_up(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _make("setup", f"PYTHON={project}/python", *arguments, cwd=project)


def _calls(project: Path) -> list[str]:
    return (project / "calls").read_text().splitlines()


def test_set_up_installs_what_is_locked_and_then_the_project(project: Path) -> None:
    done = _set_up(project)
    venv, packages, itself = _calls(project)
    assert done.returncode == 0, done.stderr
    assert venv == "-m venv .venv"
    assert "--require-hashes" in packages
    assert itself.endswith("--no-build-isolation --no-deps --editable .")


def test_set_up_shows_how_far_it_is(project: Path) -> None:
    assert re.findall(r"\[(\d)/3\]", _set_up(project).stdout) == ["1", "2", "3"]


def test_set_up_is_not_repeated_when_nothing_changed(project: Path) -> None:
    assert _set_up(project, "--question").returncode == 1
    _set_up(project)
    before = _calls(project)
    assert _set_up(project, "--question").returncode == 0
    assert _set_up(project).returncode == 0
    assert _calls(project) == before


@pytest.mark.parametrize("name", ["requirements-dev.txt", "pyproject.toml"])
def test_set_up_is_repeated_when_the_lock_or_the_project_changed(name: str, project: Path) -> None:
    _set_up(project)
    os.utime(project / ".venv" / ".ready", (2_000, 2_000))
    os.utime(project / name, (3_000, 3_000))
    assert _set_up(project, "--question").returncode == 1


def test_a_set_up_that_failed_is_repeated(project: Path) -> None:
    python = project / "python"
    python.write_text(_PYTHON.replace("${INSTALL_FAILS:-0}", "1"))
    assert _set_up(project).returncode == 2
    python.write_text(_PYTHON)
    assert _set_up(project, "--question").returncode == 1


def test_without_the_right_python_there_is_a_sentence(project: Path) -> None:
    done = _make("setup", "PYTHON=no-such-python", cwd=project)
    assert done.returncode != 0
    assert "no 'no-such-python' on PATH" in done.stdout
