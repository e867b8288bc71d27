"""Appservice or bot: each mode needs its own tokens and refuses the other's."""

from decimal import Decimal

import pytest

from .conftest import ACCOUNTS, MATRIX, Mistakes, Read

PLACE = """\
matrix:
  homeserver: http://127.0.0.1:8008
  server_name: example.org
"""
BOT = f"{ACCOUNTS}{PLACE}  mode: bot\n  user_id: '@payments:example.org'\n"


def test_a_bot_needs_no_registration(read: Read) -> None:
    matrix = read(text=f"{BOT}  access_token: secret\n").matrix
    assert (matrix.sender, matrix.budget) == ("@payments:example.org", Decimal("0.2"))
    assert read(text=f"{BOT}  password: pass word\n").matrix.password


def test_an_appservice_has_no_budget_unless_told(read: Read) -> None:
    assert read().matrix.budget is None
    matrix = read(text=f"{ACCOUNTS}{MATRIX}  messages_per_second: 2.5\n").matrix
    assert matrix.budget == Decimal("2.5")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ["access_token: is missing — give it, or the bot's `password`"]),
        (
            "  access_token: a\n  password: b\n",
            ["password: is not used beside `access_token` — keep one"],
        ),
        (
            "  access_token: a\n  as_token: x\n  hs_token: y\n",
            [
                "as_token: means nothing in bot mode — remove it, or set `mode: appservice`",
                "hs_token: means nothing in bot mode — remove it, or set `mode: appservice`",
            ],
        ),
    ],
)
def test_a_bots_tokens(more: str, expected: list[str], mistakes: Mistakes) -> None:
    found = [one.partition(": matrix.")[2] for one in mistakes(text=BOT + more)]
    assert found == expected


def test_a_bot_has_a_name_on_its_homeserver(mistakes: Mistakes) -> None:
    text = f"{ACCOUNTS}{PLACE}  mode: bot\n  access_token: a\n"
    assert mistakes(text=text) == ["5: matrix.user_id: is missing — bot mode needs it"]
    text += "  user_id: '@payments:elsewhere.org'\n"
    (found,) = mistakes(text=text)
    assert "is not on the homeserver `example.org`" in found


def test_an_appservice_needs_its_tokens_and_no_password(mistakes: Mistakes) -> None:
    text = f"{ACCOUNTS}{PLACE}  as_token: a\n  password: b\n"
    assert [one.partition(": matrix.")[2] for one in mistakes(text=text)] == [
        "hs_token: is missing — appservice mode needs it",
        "password: means nothing in appservice mode — remove it, or set `mode: bot`",
    ]
