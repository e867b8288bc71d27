"""`.ci/run` is what it promises: pinned, non-interactive, and all of the three."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.config_schema import CHART

ROOT = CHART.parents[2]
SCRIPT = ROOT / ".ci" / "run"
TEXT = SCRIPT.read_text()


def test_bash_can_read_it() -> None:
    assert os.access(SCRIPT, os.X_OK)
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True, timeout=10)


def test_it_runs_all_of_the_three() -> None:
    ran = re.findall(r"^step \"(make [^\"]+)\" make --no-print-directory (.+)$", TEXT, re.MULTILINE)
    assert {words for words, _ in ran} == {"make check", "make test", "make demo ONCE=1"}
    assert all(words == f"make {command}" for words, command in ran)


def test_the_go_tools_are_pinned() -> None:
    pins = re.findall(r"^[A-Z_]+=(\S+\.\S+/\S+)$", TEXT, re.MULTILINE)
    assert len(pins) == 2
    assert all(re.search(r"@v\d+\.\d+\.\d+$", pin) for pin in pins)


@pytest.mark.parametrize("name", ["Dockerfile", ".ci/run", "Makefile", "docs/deploy.md"])
def test_nothing_is_fetched_by_an_address(name: str) -> None:
    found = re.findall(r"https?://[^\s\"'<>)`]+", (ROOT / name).read_text())
    local = re.compile(r"https?://(127\.0\.0\.1|[a-z0-9.-]*\.(svc|example\.org))(?=[:/]|$)")
    assert [address for address in found if not local.match(address)] == []


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine where every program is a stand-in that writes down how it was called."""
    (tmp_path / "bin").mkdir()
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(TEXT)
    for name in ("make", "go", "python3.11", "apt-get", "postgres", "chromium"):
        _stand_in(tmp_path, name, f"echo {name} $* >> {tmp_path}/calls")
    _stand_in(tmp_path, "go", _GO.format(folder=tmp_path))
    return tmp_path


_GO = """\
echo go $* >> {folder}/calls
[ "$1" = env ] && echo {folder}/gopath || true
"""


def _stand_in(folder: Path, name: str, body: str) -> None:
    program = folder / "bin" / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def _run(machine: Path) -> tuple[int, str, list[str]]:
    environ = {"PATH": f"{machine}/bin:/usr/bin:/bin", "HOME": str(machine)}
    done = subprocess.run(
        ["bash", str(machine / ".ci" / "run")],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env=environ,
    )
    calls = (machine / "calls").read_text().splitlines()
    return (
        done.returncode,
        done.stdout,
        [call.replace(" --no-print-directory", "") for call in calls],
    )


def test_on_a_good_machine_it_installs_the_tools_and_runs_the_three(machine: Path) -> None:
    code, said, calls = _run(machine)
    made = [call for call in calls if call.startswith("make")]
    assert code == 0
    assert made == ["make setup", "make check", "make test", "make demo ONCE=1"]
    assert len([call for call in calls if call.startswith("go install")]) == 2
    assert not [call for call in calls if call.startswith("apt-get")]
    assert said.count("==> done in") == 9


@pytest.mark.parametrize("failing", ["check", "demo", "test", "setup"])
def test_it_ends_at_the_first_failure(failing: str, machine: Path) -> None:
    log = f"echo make $* >> {machine}/calls"
    _stand_in(machine, "make", f'{log}\ncase "$*" in *{failing}*) exit 3;; esac')
    code, said, calls = _run(machine)
    assert code == 1
    assert failing in calls[-1]
    assert said.splitlines()[-1].startswith("==> failed after")


def test_a_tool_of_the_pinned_version_is_not_built_again(machine: Path) -> None:
    pins = dict(re.findall(r"/([a-z-]+)@(v[\d.]+)$", TEXT, re.MULTILINE))
    (machine / "gopath" / "bin").mkdir(parents=True)
    for name in pins:
        (machine / "gopath" / "bin" / name).touch(mode=0o755)
    versions = "\\n".join(f"\\tmod\\tpath/of/{name}\\t{pin}\\th1:x" for name, pin in pins.items())
    _stand_in(
        machine,
        "go",
        f'{_GO.format(folder=machine)}\n[ "$1" = version ] && printf "{versions}\\n" || true',
    )
    code, _, calls = _run(machine)
    assert code == 0
    assert not [call for call in calls if call.startswith("go install")]
