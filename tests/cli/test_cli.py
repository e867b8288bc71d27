"""The command as people meet it: help, mistakes, files, exit codes."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from bridge.cli import main
from bridge.config import Config, load
from bridge.edges.matrix_registration import registration
from bridge.model.errors import BridgeError
from bridge.model.finding import Finding, note, well, wrong

GOOD = """\
store: {url: "sqlite+aiosqlite:///FOLDER/bridge.db"}
accounts:
  acme: {reader_key: rk_test_x, webhook_secrets: [whsec_x]}
matrix:
  homeserver: http://127.0.0.1:1
  server_name: example.org
  as_token: ours
  hs_token: theirs
  alias_prefix: pay.
"""
Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.yaml"
    path.write_text(GOOD.replace("FOLDER", str(tmp_path)))
    return path


@pytest.fixture
def run(file: Path) -> Run:
    def running(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(
            main, arguments, env={"STRIPE_BRIDGE_CONFIG": str(file)} | environ
        )

    return running


def put(monkeypatch: pytest.MonkeyPatch, module: str, **members: Any) -> None:
    """A module of the lower floors with these members only."""
    fake = ModuleType(module)
    for name, member in members.items():
        setattr(fake, name, member)
    monkeypatch.setitem(sys.modules, module, fake)
    parent, _, name = module.rpartition(".")
    monkeypatch.setattr(sys.modules[parent], name, fake, raising=False)


@pytest.mark.parametrize("verb", ["", "demo", "registration", "migrate", "check", "run"])
def test_every_verb_explains_itself(verb: str, run: Run) -> None:
    result = run(*([verb] if verb else []), "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")
    assert len(result.output.splitlines()) > 8
    if verb not in {"", "demo"}:
        assert "STRIPE_BRIDGE_CONFIG" in result.output
        assert "bridge.yaml" in result.output


def test_help_lists_the_verbs_in_the_order_of_need(run: Run) -> None:
    listed = re.findall(r"^  (\w+)  ", run("--help").output, re.MULTILINE)
    assert listed[:5] == ["demo", "registration", "migrate", "check", "run"]
    assert {"dead", "audit", "people", "backfill"} <= set(listed)


def test_version(run: Run) -> None:
    assert re.fullmatch(r"stripe-bridge, version \d+\.\d+\.\d+\n", run("--version").output)


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, bridge.cli; print(*sorted(m for m in sys.modules if m in sys.argv[1:]))"
    heavy = [
        "aiohttp",
        "alembic",
        "apprise",
        "nio",
        "pydantic",
        "rich",
        "sqlalchemy",
        "stripe",
        "yaml",
    ]
    done = subprocess.run(
        [sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


@pytest.mark.parametrize("verb", ["registration", "migrate", "check", "run"])
def test_a_mistaken_configuration_is_told_whole_and_ends_with_2(
    verb: str, file: Path, run: Run
) -> None:
    file.write_text(file.read_text() + "web: {prot: 1}\nlocale: ${NOPE}\n")
    result = run(verb)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{file}:10: web.prot: is not a known key — did you mean `port`?",
        f"{file}:11: locale: the environment has no variable `NOPE` — set it, or give a default: `${{NOPE:-default}}`",
    ]


def test_a_missing_configuration(run: Run, tmp_path: Path) -> None:
    result = run("run", "--config", str(tmp_path / "none.yaml"))
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"{tmp_path}/none.yaml:1: the file cannot be read: No such file or directory — give its path with --config\n"
    )


def test_config_comes_before_the_environment(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("x: 1\n")
    assert str(other) in run("run", "-c", str(other)).stderr


# --- registration


def test_registration_is_printed(run: Run, file: Path) -> None:
    result = run("registration")
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout) == registration(load(file, {}))


def test_registration_is_what_a_homeserver_wants(file: Path) -> None:
    content = registration(load(file, {}))
    users, aliases = content["namespaces"]["users"], content["namespaces"]["aliases"]
    assert content == {
        "id": "stripe-bridge",
        "url": "http://127.0.0.1:8080",
        "as_token": "ours",
        "hs_token": "theirs",
        "sender_localpart": "stripe",
        "namespaces": {"users": users, "aliases": aliases, "rooms": []},
        "rate_limited": False,
        "io.element.msc4190": True,
    }
    assert all(entry["exclusive"] is True for entry in [*users, *aliases])
    assert re.fullmatch(users[0]["regex"], "@stripe:example.org")
    assert not re.fullmatch(users[0]["regex"], "@stripe:exampleXorg")
    assert re.fullmatch(aliases[0]["regex"], "#pay.customer:example.org")
    assert not re.fullmatch(aliases[0]["regex"], "#payXcustomer:example.org")


def test_registration_is_written_for_its_owner_alone(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "registration.yaml"
    old = os.umask(0)
    try:
        result = run("registration", "--output", str(output))
    finally:
        os.umask(old)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "restart the homeserver" in result.stderr
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert yaml.safe_load(output.read_text())["hs_token"] == "theirs"


def test_registration_replaces_only_when_told_to(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "registration.yaml"
    output.write_text("mine, and longer than what would be written" * 100)
    output.chmod(0o644)
    refused = run("registration", "-o", str(output))
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"{output} is there already; --force replaces it.\n",
    )
    assert output.read_text().startswith("mine")
    assert run("registration", "-o", str(output), "--force").exit_code == 0
    assert yaml.safe_load(output.read_text())["as_token"] == "ours"
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_registration_where_nothing_can_be_written(run: Run, tmp_path: Path) -> None:
    result = run("registration", "-o", str(tmp_path / "no" / "file"))
    assert (result.exit_code, result.stderr) == (
        1,
        f"{tmp_path}/no/file cannot be written: No such file or directory.\n",
    )


# --- migrate


def test_migrate_makes_the_tables_and_may_be_repeated(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        result = run("migrate")
        assert (result.exit_code, result.output) == (
            0,
            "The store has the tables of this version.\n",
        )
    assert (tmp_path / "bridge.db").stat().st_size > 0


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:////no/such/folder/x.db", "postgresql+asyncpg://u:hush@127.0.0.1:1/d"]
)
def test_migrate_out_of_reach_is_a_sentence(url: str, run: Run, file: Path) -> None:
    file.write_text(
        re.sub(r"^store: .*$", f'store: {{url: "{url}"}}', file.read_text(), flags=re.MULTILINE)
    )
    result = run("migrate")
    assert result.exit_code == 1
    assert re.fullmatch(
        r"The store cannot be reached or written \(\w+\): is `store.url` right\?\n", result.stderr
    )


# --- check


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([well("store", "is fine"), note("one", "is worth a word", "do it")], 0),
        ([wrong("store", "is not fine [bold]\x1b[31m", "mend [it]"), well("two", "is fine")], 1),
    ],
)
def test_check_shows_every_finding(
    found: list[Finding], code: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def findings(config: Config) -> AsyncIterator[Finding]:
        assert config.accounts
        for one in found:
            yield one

    put(monkeypatch, "bridge.check", findings=findings)
    result = run("check")
    assert result.exit_code == code
    assert "\x1b" not in result.stdout
    marks = {"well": "✓", "note": "•", "wrong": "✗"}
    lines = [
        line
        for one in found
        for line in (
            f"{marks[one.verdict]} {one.what}: {one.says}",
            f"  {one.hint}" if one.hint else None,
        )
    ]
    assert result.stdout.splitlines() == [line.replace("\x1b", "") for line in lines if line]


# --- run and demo


def test_run_serves_the_configuration(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []

    async def serve(config: Config) -> None:
        served.append(config)

    put(monkeypatch, "bridge.app", serve=serve)
    assert run("run").exit_code == 0
    assert served == [load(file, {})]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BridgeError("The store has no tables."), "The store has no tables.\n"),
        (OSError(98, "Address already in use"), "The bridge cannot run: Address already in use.\n"),
    ],
)
def test_what_can_be_expected_to_stop_it_is_one_sentence(
    error: Exception, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(_config: Config) -> None:
        raise error

    put(monkeypatch, "bridge.app", serve=serve)
    result = run("run")
    assert (result.exit_code, result.stderr) == (1, said)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [([], ("black-friday", False)), (["--story", "quiet", "--once"], ("quiet", True))],
)
def test_demo_plays_the_story(
    arguments: list[str], told: tuple[str, bool], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = []

    def play(story: str, once: bool) -> int:
        played.append((story, once))
        return 1

    put(monkeypatch, "bridge.sandbox.demo", run=play)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert run("demo", *arguments).exit_code == 1
    assert played == [told]


def test_demo_without_a_homeserver_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = run("demo")
    assert result.exit_code == 1
    assert (
        result.stderr
        == "The demo starts a homeserver, which is not installed: pip install 'stripe-chat-bridge[sandbox]'\n"
    )
