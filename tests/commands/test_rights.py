"""The permissions that `check` lists are enough for the enabled verbs, and no verb is forgotten."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest

from bridge.commands.rights import least, words
from bridge.commands.table import TABLE, VERBS
from bridge.config.schema import RoleRights
from bridge.model.verbs import FREE
from bridge.sandbox.stripe_server.api import Entry
from bridge.sandbox.stripe_server.keys import ApiKey
from bridge.sandbox.stripe_server.resources.catalogue import ROUTES
from bridge.sandbox.stripe_server.routes import find

from .office import ACCOUNT, Office
from .rights_scenes import SCENES, Asked

KNOWN = {route.permission.removeprefix("rak_") for route in ROUTES}


def test_only_enabled_verbs_count(office: Office) -> None:
    config = office.config.model_copy(update={"roles": {"eyes": RoleRights(verbs=("show",))}})
    assert least(config, TABLE).writer == ()
    config = office.config.model_copy(update={"roles": {"one": RoleRights(verbs=("refund",))}})
    assert least(config, TABLE).writer == ("charge_write", "credit_note_write")
    assert "payment intent: read" in words(least(config, TABLE).reader)


@pytest.mark.parametrize("verb", TABLE, ids=lambda verb: verb.name)
def test_each_row_names_permissions_that_stripe_knows(verb: object) -> None:
    assert set(VERBS[verb.name].needs) <= KNOWN  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", TABLE, ids=lambda verb: verb.name)
def test_what_moves_money_asks_first_and_can_be_found_again(verb: object) -> None:
    row = VERBS[verb.name]  # type: ignore[attr-defined]
    if row.moves_money:
        assert row.deed
        assert row.deed.asks
        assert row.deed.find or (row.deed.events and row.deed.makes)
        assert row.name not in FREE


READS = {verb: [need for need in VERBS[verb].needs if need.endswith("_read")] for verb in SCENES}
WRITES = [(verb.name, need) for verb in TABLE for need in verb.needs if need.endswith("_write")]


def test_every_verb_that_needs_something_has_a_scene() -> None:
    assert {verb.name for verb in TABLE if verb.needs} == set(SCENES)


@pytest.mark.parametrize("verb", SCENES)
async def test_keys_cut_to_what_the_row_says_do_all_of_it_and_need_all_of_it(
    office: Office, verb: str
) -> None:
    """Each key by itself: nothing is read with the writer's, nothing is written with the reader's."""
    everything_is_allowed(office)
    used: set[str] = set()
    for scene in SCENES[verb]:
        asked = await scene(office)
        with cut_to(office, VERBS[verb].needs):
            before = len(office.stripe.api.log)
            assert asked.words in await done(office, asked)
            log = office.stripe.api.log[before:]
        assert [entry for entry in log if entry.status == 403] == []
        used |= {permission(entry) for entry in log if entry.key == "writer"}
    assert used == {need for name, need in WRITES if name == verb}


@pytest.mark.parametrize(("verb", "missing"), WRITES)
async def test_a_403_tells_what_is_missing_and_from_which_key(
    office: Office, verb: str, missing: str
) -> None:
    everything_is_allowed(office)
    told = []
    for scene in SCENES[verb]:
        asked = await scene(office)
        with cut_to(office, [need for need in VERBS[verb].needs if need != missing]):
            told.append(await done(office, asked))
    said = "\n".join(told)
    assert "The writer key may not do that" in said
    assert f"Having the 'rak_{missing}' permission" in said


@pytest.mark.parametrize("verb", [verb for verb, reads in READS.items() if reads])
async def test_a_403_of_the_reader_is_told_as_its(office: Office, verb: str) -> None:
    everything_is_allowed(office)
    writes = [need for need in VERBS[verb].needs if need.endswith("_write")]
    said = ""
    for scene in SCENES[verb]:
        asked = await scene(office)
        with cut_to(office, writes):
            said += await done(office, asked)
    assert "The reader key may not do that" in said
    assert any(f"Having the 'rak_{need}' permission" in said for need in READS[verb])


def everything_is_allowed(office: Office) -> None:
    config = office.config
    own = config.accounts[ACCOUNT].model_copy(update={"thanks_url": "https://shop.example.com/"})
    all_of_it = {"verbs": [verb.name for verb in TABLE]}
    data = config.model_dump() | {"accounts": {ACCOUNT: own.model_dump()}}
    data["roles"] = {**data["roles"], "support": all_of_it, "finance": all_of_it}
    data["approvals"] = [{"others": 0}]
    office.rebuild(type(config).model_validate(data))


async def done(office: Office, asked: Asked) -> str:
    """Said by sam, confirmed, and approved by fin, as far as anybody asks; all that was answered."""
    before = len(office.told)
    how = {name: value for name, value in asked.how.items() if name == "room"}
    told = await office.say("sam", asked.text, **asked.how)
    if any(heard.wanted.action_id for heard in office.told[before:]):
        told += await office.say("sam", "yes", reply_to=office.question().event_id, **how)
    if "Waits for another person" in told:
        waits = office.question("Waits").event_id
        told += await office.say("fin", "approve", reply_to=waits, **how)
    return told


@contextmanager
def cut_to(office: Office, needs: Collection[str]) -> Iterator[None]:
    ring = office.stripe.api.keys
    reader, writer = ring.reader, ring.writer
    reads = {need for need in needs if need.endswith("_read")}
    ring.reader, ring.writer = _cut(reader, reads), _cut(writer, {*needs} - reads)
    try:
        yield
    finally:
        ring.reader, ring.writer = reader, writer


def permission(entry: Entry) -> str:
    route, _ = find(ROUTES, entry.method, entry.path)
    return route.permission.removeprefix("rak_")


def _cut(key: ApiKey, needs: Collection[str]) -> ApiKey:
    return ApiKey(key.name, key.value, granted=frozenset(f"rak_{need}" for need in needs))
