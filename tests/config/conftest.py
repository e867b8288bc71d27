"""A small file that is right, and `load` with what is added to it."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bridge.config import Config, ConfigError, load

ACCOUNTS = """\
accounts:
  acme:
    reader_key: rk_test_reader
    webhook_secrets: [whsec_one]
"""
MATRIX = """\
matrix:
  homeserver: http://127.0.0.1:8008
  server_name: example.org
  as_token: ours
  hs_token: theirs
"""

Read = Callable[..., Config]
Mistakes = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The configuration of `ACCOUNTS + MATRIX + more`, or of `text` instead."""

    def reading(
        more: str = "", *, text: str | bytes | None = None, environ: Mapping[str, str] | None = None
    ) -> Config:
        path = tmp_path / "bridge.yaml"
        whole = ACCOUNTS + MATRIX + more if text is None else text
        path.write_bytes(whole if isinstance(whole, bytes) else whole.encode())
        return load(path, environ or {})

    return reading


@pytest.fixture
def mistakes(read: Read) -> Mistakes:
    """Every mistake as `line: path: problem — hint`; the lines of `more` begin at 10."""

    def finding(more: str = "", **how: object) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(more, **how)
        return [f"{mistake.line}: {mistake}" for mistake in caught.value.mistakes]

    return finding
