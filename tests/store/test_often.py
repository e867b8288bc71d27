"""What is given to SQLite as text means the same as what SQLAlchemy itself would have run."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.exc import MultipleResultsFound, NoResultFound

from bridge.store.engine import Store, Upsert, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.often import Often
from bridge.store.tables import card_place, room

THERE = {"account": "acme", "kind": "payment", "key": "in_1", "subject": "acme/customer/cus_1"}
WHOLE: Select[Any] = select(card_place).where(card_place.c.key == bindparam("of_key"))
PUT = Upsert.into(
    card_place,
    lambda insert: insert.on_conflict_do_nothing(
        index_elements=["account", "kind", "key", "subject"]
    ),
)


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/often.db"
    await upgrade_async(url)
    opened = open_store(url)
    yield opened
    await opened.close()


@pytest.mark.parametrize("told", [[], ["a", "€\u202e"], {"deep": [None, True, 1.5]}])
@pytest.mark.parametrize("trying", [None, {"uid": "x"}])
async def test_rows_are_written_and_read_as_sqlalchemy_does(
    told: object, trying: object, store: Store
) -> None:
    changed = Often(update(card_place).where(card_place.c.key == bindparam("of_key")))
    async with store.begin() as tx:
        await tx.run(PUT, {**THERE, "told": []})
        assert (await tx.run(PUT, {**THERE, "told": ["other"]})).rowcount == 0
        values = {"told": told, "trying": trying, "root": "$1"}
        assert (await tx.run(changed, {"of_key": "in_1", **values})).rowcount == 1
        assert (await tx.run(changed, {"of_key": "in_2", "root": None})).rowcount == 0
        quick = (await tx.run(Often(WHOLE), {"of_key": "in_1"})).one()
        plain = (await tx.run(WHOLE, {"of_key": "in_1"})).one()
    assert dict(quick._mapping) == dict(plain._mapping)
    assert (quick.told, quick.trying, quick.root) == (told, trying, "$1")


async def test_moments_and_truths_keep_their_meaning(store: Store) -> None:
    at = datetime(2026, 11, 27, 23, 30, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    there = {"subject": "a", "room_id": "!a", "account": "acme", "kind": "customer"}
    fields = {
        **there,
        "name": "A",
        "topic": "",
        "subject_id": "cus_1",
        "invited": ["@a:b"],
        "created_at": at,
    }
    made = Upsert.into(room, lambda insert: insert.on_conflict_do_nothing())
    wanted = select(room).where(room.c.created_at >= bindparam("since"))
    async with store.begin() as tx:
        await tx.run(made, fields)
        quick = (await tx.run(Often(wanted), {"since": at})).one()
        plain = (await tx.run(wanted, {"since": at})).one()
        assert (await tx.run(Often(wanted), {"since": at + timedelta(microseconds=1)})).all() == []
    assert dict(quick._mapping) == dict(plain._mapping)
    assert quick.created_at == at.astimezone(UTC)


async def test_answers_are_asked_for_in_the_same_words(store: Store) -> None:
    keys = Often(select(card_place.c.key).where(card_place.c.account == bindparam("of_account")))
    count = Often(select(func.count().label("number")).select_from(card_place))
    async with store.begin() as tx:
        nothing = await tx.run(keys, {"of_account": "acme"})
        assert (nothing.first(), nothing.scalar_one_or_none(), nothing.all()) == (None, None, [])
        with pytest.raises(NoResultFound):
            nothing.one()
        for key in ("in_1", "in_2"):
            await tx.run(PUT, {**THERE, "key": key, "told": []})
        two = await tx.run(keys, {"of_account": "acme"})
        assert list(two.scalars()) == ["in_1", "in_2"]
        with pytest.raises(MultipleResultsFound):
            two.one_or_none()
        assert (await tx.run(count)).one().number == 2


async def test_a_parameter_that_is_missing_is_an_error_and_no_null(store: Store) -> None:
    async with store.begin() as tx:
        with pytest.raises(KeyError):
            await tx.run(Often(WHOLE), {"of_kye": "in_1"})


async def test_a_list_of_unknown_length_is_left_to_sqlalchemy(store: Store) -> None:
    some = Often(
        select(card_place.c.key).where(card_place.c.key.in_(bindparam("keys", expanding=True)))
    )
    async with store.begin() as tx:
        await tx.run(PUT, {**THERE, "told": []})
        for keys in (["in_1", "in_2"], ["in_1"], []):
            found = (await tx.run(some, {"keys": keys})).scalars()
            assert list(found) == keys[:1]


async def test_what_breaks_a_rule_of_the_tables_is_our_fault_and_not_an_outage(
    store: Store,
) -> None:
    async with store.begin() as tx:
        await tx.run(PUT, {**THERE, "told": []})
        await tx.run(PUT, {**THERE, "key": "in_2", "told": []})
    renamed = Often(update(card_place).where(card_place.c.key == bindparam("of_key")))
    with pytest.raises(sqlite3.IntegrityError):
        async with store.begin() as tx:
            await tx.run(renamed, {"of_key": "in_2", "key": "in_1"})
