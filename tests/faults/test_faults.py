"""The short form of `make faults`: real processes, a few blows, and nothing lost, doubled or out of order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.faults.hazards import HAZARDS
from benchmarks.faults.house import Site
from benchmarks.faults.refunds import Refunds, refunds
from benchmarks.faults.stores import Disk, Postgresql, Sqlite
from benchmarks.faults.trial import trial
from bridge.sandbox.homeserver import Appservice, Synapse
from bridge.sandbox.postgres import Postgres

SEED = 1
HAZARD = {hazard.name: hazard for hazard in HAZARDS}
MakeSite = Callable[[str], Site]


@pytest.fixture
def make_site(
    homeserver: Synapse,
    appservice: Appservice,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> MakeSite:
    """PostgreSQL is only started for those who want it."""

    def disk(store: str) -> Disk:
        if store == "sqlite":
            return Sqlite(tmp_path / "bridge.db")
        postgres: Postgres = request.getfixturevalue("postgres")
        return Postgresql(postgres, f"faults_{appservice.id.replace('-', '_')}")

    def make(store: str) -> Site:
        return Site("faults", tmp_path, homeserver, appservice, disk(store), SEED)

    return make


def _doing(_: str) -> None:
    """Nobody watches."""


@pytest.mark.parametrize(
    ("hazard", "store"),
    [
        ("bridge-killed", "sqlite"),
        ("connections-cut", "sqlite"),
        ("bridge-killed", "postgresql"),
    ],
)
async def test_people_see_everything_once_and_in_order(
    hazard: str, store: str, make_site: MakeSite
) -> None:
    count = await trial(HAZARD[hazard], make_site(store), _doing, short=True)
    assert count.wrong == ()
    assert (count.lost, count.doubled, count.disordered) == (0, 0, 0)
    assert count.seen == count.sent > 0


async def test_money_moves_once_however_often_the_bridge_dies(make_site: MakeSite) -> None:
    count, money = await refunds(make_site("sqlite"), _doing, number=4)
    assert count.wrong == ()
    assert money == Refunds(asked=4, made=4, doubled=0)
