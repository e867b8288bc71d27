"""`stripe-bridge lanes`, on a store with something in it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.store import migrate, outbox
from bridge.store.engine import open_store
from bridge.store.outbox import Delivery

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    url, file = f"sqlite+aiosqlite:///{tmp_path}/bridge.db", tmp_path / "bridge.yaml"
    file.write_text(
        f"""\
store: {{url: "{url}"}}
accounts: {{acme: {{reader_key: rk_test_x, webhook_secrets: [whsec_x]}}}}
matrix: {{homeserver: "http://127.0.0.1:1", server_name: example.org, as_token: a, hs_token: b}}
"""
    )
    migrate.upgrade(url)
    asyncio.run(_fill(url))
    return lambda *words: CliRunner().invoke(main, ["lanes", words[0], "-c", str(file), *words[1:]])


async def _fill(url: str) -> None:
    store = open_store(url)
    async with store.begin() as tx:
        waiting = [Delivery(f"apprise:{name}", "apprise", {}, 1) for name in ("desk", "pager")]
        await outbox.enqueue(tx, waiting, datetime(2020, 11, 27, 21, 0, tzinfo=UTC))
    await store.close()


def test_a_target_is_paused_and_goes_on(run: Run) -> None:
    assert "due" in run("list").output
    planned = run("pause", "apprise:*")
    assert "2 lanes would be paused. Say --yes" in planned.output
    assert "paused since" not in run("list").output
    assert "1 lanes are paused" in run("pause", "apprise:desk", "--yes").output
    listed = run("list").output
    assert listed.count("paused since") == 1
    run("resume", "apprise:desk", "--yes")
    assert "paused since" not in run("list").output


def test_a_lane_that_is_not_there_is_told(run: Run) -> None:
    done = run("pause", "room:nobody", "--yes")
    assert done.exit_code == 1 and "There is no such lane" in done.output
    assert run("list", "room:*").output == "Nothing waits.\n"
