"""Two bridges on one SQLite file would each think that nobody else works."""

from pathlib import Path

import pytest

from bridge.model.errors import BridgeError
from bridge.store.sole import sole


def test_a_second_process_is_refused_and_may_come_afterwards(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/bridge.db"
    with sole(url) as alone:
        assert alone
        with pytest.raises(BridgeError, match="Another bridge"), sole(url):
            pass
    with sole(url) as alone:
        assert alone


def test_on_postgresql_nobody_is_alone() -> None:
    with (
        sole("postgresql+asyncpg://a@127.0.0.1/b") as alone,
        sole("postgresql+asyncpg://a@127.0.0.1/b"),
    ):
        assert not alone
