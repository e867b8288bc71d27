"""The trail finds whatever is changed in it, is posted as an anchor, and cannot be rewritten."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from bridge.cli import main
from bridge.cli.audit import cell
from bridge.model.audit import GENESIS, HOUSE, Head, Link, Record, Who, faults, next_link
from bridge.model.signal import Subject, SubjectKind
from bridge.sandbox.postgres import Postgres
from bridge.store import audit as trail
from bridge.store.engine import Store, Tx, open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import action, audit
from bridge.watch.oversight import Oversight

from .office import ACCOUNT, Office

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")


def chain(length: int) -> list[Link]:
    head, links = Head("acme", 0, GENESIS), []
    for number in range(length):
        record = Record("acme", NOW, "refused", Who("sam"), reason=f"no. {number}\u202e€")
        links.append(next_link(head, record))
        head = Head("acme", links[-1].seq, links[-1].hash)
    return links


def test_a_chain_is_whole_and_its_text_is_ascii() -> None:
    links = chain(5)
    assert list(faults("acme", links)) == []
    assert all(link.text.isascii() for link in links)


@given(st.data())
def test_no_change_goes_unnoticed(data: st.DataObject) -> None:
    links = chain(6)
    end = Head("acme", links[-1].seq, links[-1].hash)
    at = data.draw(st.integers(0, len(links) - 1))
    match data.draw(
        st.sampled_from(["change", "rehash", "gap", "swap", "repeat", "cut", "action"])
    ):
        case "change":
            links[at] = edited(links[at], text=links[at].text.replace("sam", "eve"))
        case "rehash":  # whoever changes one entry and its hash has not changed the next one
            links[at] = next_link(
                Head("acme", links[at].seq - 1, links[at].previous),
                Record("acme", NOW, "refused", Who("eve")),
            )
        case "gap":
            del links[at]
        case "swap":
            other = (at + 1) % len(links)
            links[at], links[other] = links[other], links[at]
        case "repeat":
            links.insert(at, links[at])
        case "cut":
            del links[at:]
        case "action":
            links[at] = edited(links[at], action="f" * 32)
    assert list(faults("acme", links, [end]))


def edited(link: Link, **values: Any) -> Link:
    return Link(**{**vars(link), **values})


async def busy(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 20 =cmd|calc", reply_to=paid)
    await office.say("sam", "yes", thread=paid)
    await office.say("eva", "refund 20", reply_to=paid)


TAMPERING: dict[str, Callable[[Tx], Any]] = {
    "a changed entry": lambda tx: tx.run(
        update(audit).where(audit.c.seq == 2).values(text=text("replace(text, 'sam', 'eve')"))
    ),
    "an entry taken out": lambda tx: tx.run(delete(audit).where(audit.c.seq == 2)),
    "the end cut off": lambda tx: tx.run(delete(audit).where(audit.c.seq >= 4)),
    "all of it gone": lambda tx: tx.run(delete(audit)),
    "another time": lambda tx: tx.run(update(audit).where(audit.c.seq == 2).values(at=NOW)),
    "an action's amount": lambda tx: tx.run(update(action).values(amount=1)),
    "an action's state": lambda tx: tx.run(update(action).values(state="failed")),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_what_is_changed_in_the_database_is_found(office: Office, what: str) -> None:
    await busy(office)
    assert await office.faults() == []
    async with office.store.begin() as tx:
        await TAMPERING[what](tx)
    assert await office.faults()


async def test_heads_are_posted_once_a_day_as_they_were_at_midnight(office: Office) -> None:
    oversight = Oversight(office.config, office.store, office.clock)
    await oversight.look()
    await busy(office)
    await oversight.look()
    await office.worker.settle_all()
    assert not [one for one in office.told if "Audit trail" in one.words]
    async with office.store.read() as tx:
        head = await trail.head(tx, ACCOUNT)
    await office.later(timedelta(hours=12))
    await busy(office)
    for _ in range(3):
        await oversight.look()
    await office.worker.settle_all()
    (told,) = [one for one in office.told if "Audit trail" in one.words]
    assert told.message.title == "Audit trail of acme: 6 entries by 2026-11-28"
    assert told.wanted.subject.id == "payments"
    assert str(head) in told.words
    async with office.store.read() as tx:
        assert await trail.verify(tx, ACCOUNT, [head]) == []
        other = Head(ACCOUNT, head.seq, "f" * 64)
        assert len(await trail.verify(tx, ACCOUNT, [other])) == 1


async def test_the_chain_of_no_account_is_anchored_in_every_accounts_room(office: Office) -> None:
    """What was changed on the machine itself cannot be cut off unseen either."""
    async with office.store.begin() as tx:
        await trail.append(tx, Record(HOUSE, office.clock.now(), "granted", Who("root")))
        head = await trail.head(tx, HOUSE)
    for _ in range(3):
        await office.overseen(timedelta(hours=8))
    (told,) = [one for one in office.told if "Audit trail" in one.words]
    assert told.message.title == "Audit trail of _house: 1 entry by 2026-11-28"
    assert told.wanted.subject == Subject(ACCOUNT, SubjectKind.CHANNEL, "payments")
    assert f"--head {head}" in told.words
    async with office.store.begin() as tx:
        await tx.run(delete(audit).where(audit.c.account == HOUSE))
        assert len(await trail.verify(tx, HOUSE, [Head.parse(str(head))])) == 1


async def test_questions_nobody_answers_end(office: Office) -> None:
    paid = await office.payment()
    await office.say("sam", "refund 20", reply_to=paid)
    oversight = Oversight(office.config, office.store, office.clock)
    await oversight.look()
    assert (await office.happened())[-1] == "proposed"
    await office.later(timedelta(minutes=10))
    before = len(office.told)
    await oversight.look()
    assert ((await office.happened())[-1], len(office.told)) == ("expired", before)
    assert "too old" in await office.say("sam", "yes", thread=paid)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        (" @SUM(A1)", "' @SUM(A1)"),
        ("+49", "'+49"),
        ("-1", "'-1"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("1=1", "1=1"),
        (None, ""),
        ({}, ""),
        ({"a": 1}, '{"a": 1}'),
        (12, "12"),
    ],
)
def test_cells_are_never_formulas(value: object, shown: str) -> None:
    assert cell(value) == shown


# --- the command line


@pytest.fixture
def on_disk(tmp_path: Path, office_on_disk: tuple[Path, str]) -> Callable[..., Result]:
    file, _ = office_on_disk
    return lambda *words: CliRunner().invoke(main, [*words, "--config", str(file)])


@pytest.fixture
def office_on_disk(tmp_path: Path) -> tuple[Path, str]:
    """A configuration and a store with a short trail in it."""
    url = f"sqlite+aiosqlite:///{tmp_path}/disk.db"
    data = {
        "store": {"url": url},
        "accounts": {"acme": {"reader_key": "rk_test_x", "webhook_secrets": ["whsec_x"]}},
        "matrix": {
            "homeserver": "http://127.0.0.1:1",
            "server_name": "test",
            "as_token": "ours",
            "hs_token": "theirs",
        },
        "roles": {"support": {"verbs": ["refund"]}},
        "people": {"sam": {"matrix": "@sam:test", "identities": ["slack:U1"]}},
    }
    file = tmp_path / "bridge.yaml"
    file.write_text(yaml.safe_dump(data))

    async def fill() -> None:
        await upgrade_async(url)
        store = open_store(url)
        for number in range(3):
            record = Record("acme", NOW, "refused", Who("sam"), reason=f"=no {number}")
            async with store.begin() as tx:
                await trail.append(tx, record)
        await store.close()

    asyncio.run(fill())
    return file, url


def change(url: str, work: Callable[[Tx], Any]) -> None:
    async def go() -> None:
        store = open_store(url)
        async with store.begin() as tx:
            await work(tx)
        await store.close()

    asyncio.run(go())


def test_verify_and_its_exit_code(
    on_disk: Callable[..., Result], office_on_disk: tuple[Path, str]
) -> None:
    told = on_disk("audit", "verify")
    assert (told.exit_code, "acme: 3 entries, as written: acme/3/" in told.output) == (0, True)
    head = told.output.strip().rpartition(" ")[2]
    change(office_on_disk[1], lambda tx: tx.run(delete(audit).where(audit.c.seq == 3)))
    assert on_disk("audit", "verify").exit_code == 0  # nobody can see that by the trail alone
    told = on_disk("audit", "verify", "--head", head)
    assert (told.exit_code, "acme 3: is missing" in told.output) == (1, True)
    change(office_on_disk[1], lambda tx: tx.run(update(audit).values(previous="0")))
    assert on_disk("audit", "verify").exit_code == 1
    assert on_disk("audit", "verify", "--head", "nonsense").exit_code == 1


def test_export_as_a_table_and_as_lines(on_disk: Callable[..., Result], tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(on_disk("audit", "export").stdout)))
    assert [(row["seq"], row["person"], row["reason"]) for row in rows] == [
        (str(n + 1), "sam", f"'=no {n}") for n in range(3)
    ]
    out = tmp_path / "trail.jsonl"
    on_disk("audit", "export", "--format", "jsonl", "--output", str(out))
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["reason"] for line in lines] == ["=no 0", "=no 1", "=no 2"]
    assert lines[1]["previous"] == lines[0]["hash"]


def test_roles_from_the_command_line_are_in_the_trail(on_disk: Callable[..., Result]) -> None:
    assert "sam has the role support" in on_disk("people", "grant", "sam", "support").output
    listed = on_disk("people", "list").output
    assert all(word in listed for word in ("sam", "support", "@sam:test", "slack:U1"))
    assert "no longer has" in on_disk("people", "revoke", "sam", "support").output
    for wrong in (("grant", "eve", "support"), ("grant", "sam", "boss"), ("unlink", "slack:U9")):
        assert on_disk("people", *wrong).exit_code == 1
    lines = on_disk("audit", "export", "--account", "_house", "--format", "jsonl").stdout
    told = [json.loads(line) for line in lines.splitlines()]
    assert [(one["what"], one["object"], one["outcome"]) for one in told] == [
        ("granted", "sam", "support"),
        ("revoked", "sam", "support"),
    ]
    assert on_disk("audit", "verify").exit_code == 0


# --- PostgreSQL


async def test_the_documented_rights_let_the_bridge_add_and_nothing_else(
    postgres: Postgres, postgres_url: str
) -> None:
    await upgrade_async(postgres_url)
    owner = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    role = f"app_{postgres_url.rpartition('/')[2]}"
    script = PAGE.partition("```sql\n")[2].partition("```")[0]
    script = script.replace("bridge_app", role).replace(":'password'", "'secret'")
    await owner.execute(
        script.replace("DATABASE bridge", f'DATABASE "{postgres_url.rpartition("/")[2]}"')
    )
    scheme, _, rest = postgres_url.partition("://")
    url = f"{scheme}://{role}:secret@{rest.rpartition('@')[2]}"
    app = await asyncpg.connect(url.replace("+asyncpg", ""))
    store = open_store(url)
    try:
        for _ in range(2):
            async with store.begin() as tx:
                await trail.append(tx, Record("acme", NOW, "refused", Who("sam")))
        async with store.read() as tx:
            assert await trail.verify(tx, "acme") == []
        for forbidden in (
            "UPDATE audit SET text = ''",
            "DELETE FROM audit",
            "TRUNCATE audit",
            "DROP TABLE audit",
            "ALTER TABLE audit DISABLE TRIGGER ALL",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(forbidden)
        # Everything else works as before.
        async with store.begin() as tx:
            await tx.run(text("DELETE FROM note"))
            await tx.run(text("INSERT INTO appservice_transaction VALUES ('x', now())"))
    finally:
        await store.close()
        await app.close()
        await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await owner.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_processes_that_write_at_once_make_one_chain(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/many.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    await upgrade_async(url)
    stores = [open_store(url) for _ in range(3)]

    async def write(store: Store, number: int) -> None:
        async with store.begin() as tx:
            await trail.append(tx, Record("acme", NOW, "refused", Who("sam"), reason=str(number)))

    await asyncio.gather(*(write(store, n) for n in range(20) for store in stores))
    async with stores[0].read() as tx:
        assert (await trail.head(tx, "acme")).seq == 60
        assert await trail.verify(tx, "acme") == []
        reasons = (await tx.run(select(audit.c.text))).scalars().all()
    assert len(set(reasons)) == 60
    for store in stores:
        await store.close()
