"""Programs that are not Python packages. `.ci/run` installs them; elsewhere they may be missing."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

_FALSE = frozenset({"", "0", "false", "no", "off"})


def tool(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Skips the test with a sentence when it is missing; in CI that is a failure instead."""
    found = shutil.which(name, path=os.pathsep.join(_places(environ)))
    return Path(found) if found else _missing(name, environ)


def _missing(name: str, environ: Mapping[str, str]) -> NoReturn:
    sentence = f"There is no `{name}` here: `.ci/run` shows how to install it."
    if environ.get("CI", "").strip().lower() not in _FALSE:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _places(environ: Mapping[str, str]) -> Iterator[str]:
    yield from environ.get("PATH", "").split(os.pathsep)
    if go := shutil.which("go", path=environ.get("PATH", "")):
        yield from _of_go(go)
    yield str(Path("~/go/bin").expanduser())


def _of_go(go: str) -> Iterator[str]:
    done = subprocess.run(
        [go, "env", "GOBIN", "GOPATH"], check=False, capture_output=True, text=True, timeout=60
    )
    if done.returncode == 0:
        own, paths = done.stdout.splitlines()
        yield own
        yield from (f"{path}/bin" for path in paths.split(os.pathsep))
