from pathlib import Path

import asyncpg
import pytest

from bridge.sandbox import postgres as module
from bridge.sandbox.postgres import Postgres


async def _value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_fresh_database_is_empty_and_takes_text_of_any_language(postgres_url: str) -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await _value(postgres_url, tables) == 0
    assert await _value(postgres_url, "SELECT 'Ünïcode €'") == "Ünïcode €"


async def test_a_database_is_copied_from_a_template(postgres: Postgres) -> None:
    first = postgres.create_database("first")
    await _value(first, "CREATE TABLE kept (id int)")
    second = postgres.create_database("second", template="first")
    assert await _value(second, "SELECT count(*) FROM kept") == 0
    postgres.drop_database("second")
    postgres.drop_database("first")


async def test_committed_data_outlives_a_restart_and_a_kill(postgres: Postgres) -> None:
    url = postgres.create_database("kept")
    await _value(url, "CREATE TABLE kept (id int)")
    postgres.stop()
    postgres.start()
    postgres.kill()
    postgres.start()
    assert await _value(url, "SELECT count(*) FROM kept") == 0
    postgres.drop_database("kept")


async def test_it_asks_for_the_password(postgres: Postgres) -> None:
    url = postgres.url("postgres").replace(":" + postgres._password, ":wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _value(url, "SELECT 1")


def test_a_machine_without_postgresql_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_installed", list)
    monkeypatch.setattr(module, "_packaged", list)
    with pytest.raises(
        module.PostgresMissing, match="install Debian's `postgresql`, or PyPI's `pgserver`"
    ):
        Postgres(tmp_path)
