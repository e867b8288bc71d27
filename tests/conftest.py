"""The real parts that tests share: one Synapse, one PostgreSQL, and the people on the homeserver."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.sandbox.homeserver import QUICK_PEOPLE, Appservice, Synapse
from bridge.sandbox.person import Person
from bridge.sandbox.ports import Port
from bridge.sandbox.postgres import Postgres

#: A homeserver must know its appservices when it starts; each test takes one of its own.
APPSERVICES = 200
_names = count(1)


@pytest.fixture(scope="session")
def appservices() -> Iterator[list[Appservice]]:
    made = [
        Appservice(f"stripe-{number}", Port(), f"stripe{number}", f"stripe{number}_")
        for number in range(APPSERVICES)
    ]
    yield list(made)
    for appservice in made:
        appservice.port.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def homeserver(
    appservices: list[Appservice], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Synapse]:
    registrations = [appservice.registration() for appservice in appservices]
    async with Synapse(
        tmp_path_factory.mktemp("synapse"), registrations=registrations, limits=QUICK_PEOPLE
    ) as synapse:
        yield synapse


@pytest.fixture
def appservice(homeserver: Synapse, appservices: list[Appservice]) -> Appservice:
    """Known to `homeserver`, and no other test's: its port, tokens, sender and aliases are free."""
    assert appservices, "more tests want an appservice than APPSERVICES in tests/conftest.py"
    return appservices.pop()


@pytest_asyncio.fixture
async def people(homeserver: Synapse) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """`await people("sam")` is a new person who follows their rooms until the test ends."""
    async with AsyncExitStack() as stack:

        async def enter(name: str = "sam", **options: Any) -> Person:
            login = await homeserver.register(f"{name}-{next(_names)}")
            person = Person(homeserver.url, login.user_id, login.token, **options)
            return await stack.enter_async_context(person)

        yield enter


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # pytest's own directories are closed to the unprivileged user that must run PostgreSQL.
    with tempfile.TemporaryDirectory(prefix="stripe-bridge-postgres-") as directory:
        server = Postgres(Path(directory))
        try:
            server.start()
            yield server
        finally:
            server.close()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh, empty database of a real PostgreSQL."""
    name = f"test_{next(_names)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)
