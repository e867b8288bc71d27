"""A missing program is a sentence for a developer, and a failure for CI."""

import os
from pathlib import Path

import pytest

from tests.tools import tool


def test_what_is_on_path_is_found(tmp_path: Path) -> None:
    program = tmp_path / "a-program"
    program.touch(mode=0o755)
    assert tool("a-program", {"PATH": str(tmp_path)}) == program


@pytest.mark.parametrize("ci", ["", "0", "false"])
def test_what_is_missing_skips(ci: str) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"`a-program`.*\.ci/run"):
        tool("a-program", {"PATH": os.environ["PATH"], "CI": ci})


@pytest.mark.parametrize("ci", ["true", "1", "yes"])
def test_what_is_missing_fails_in_ci(ci: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"`a-program`.*\.ci/run"):
        tool("a-program", {"PATH": os.environ["PATH"], "CI": ci})


def test_what_go_installed_is_found_off_path(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho\necho {tmp_path}\n")
    go.chmod(0o755)
    program = tmp_path / "bin" / "a-program"
    program.parent.mkdir()
    program.touch(mode=0o755)
    assert tool("a-program", {"PATH": str(tmp_path)}) == program
