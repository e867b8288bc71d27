"""What is written in the file, in the environment and in secret files becomes the right value."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.config.kinds import EVERYONE
from bridge.config.schema import CHANNELS, ROUTES
from bridge.model.signal import SignalClass, Subject, SubjectKind
from bridge.notices.room_plan import members
from tests.config.conftest import ACCOUNTS, MATRIX, Read


def test_the_smallest_file_has_good_defaults(read: Read) -> None:
    config = read()
    assert config.accounts["acme"].reader_key.get_secret_value() == "rk_test_reader"
    assert config.accounts["acme"].writer_key is None
    assert config.store.url.get_secret_value() == "sqlite+aiosqlite:///stripe-bridge.db"
    assert config.matrix.sender == "@stripe:example.org"
    assert config.matrix.channels == CHANNELS
    assert config.routes == ROUTES


def test_values_become_what_the_schema_says(read: Read) -> None:
    config = read(
        """\
web: {port: 0x, host: "::1"}
""".replace("0x", "9090")
        + """\
routes:
  - name: no
    match: {classes: [page], amount_at_least: 0.10, currencies: [eur], livemode: yes, metadata: {order: 007, on: off}}
    to: []
    last: yes
"""
    )
    (route,) = config.routes
    assert (config.web.port, config.web.host) == (9090, "::1")
    assert (route.name, route.to, route.last) == ("no", (), True)
    assert route.match.classes == (SignalClass.PAGE,)
    assert route.match.amount_at_least == Decimal("0.10")
    assert route.match.livemode is True
    assert route.match.metadata == {"order": "007", "on": "off"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1h30m5s", timedelta(hours=1, minutes=30, seconds=5)),
        ("PT90S", timedelta(seconds=90)),
        ("P1D", timedelta(days=1)),
    ],
)
def test_durations(read: Read, written: str, meant: timedelta) -> None:
    assert read(f"commands: {{ignore_older_than: {written}}}\n").commands.ignore_older_than == meant


def test_tokens_of_digits_stay_texts(read: Read) -> None:
    config = read(text=ACCOUNTS + MATRIX.replace("ours", "0123").replace("theirs", "1e3"))
    assert config.matrix.as_token is not None
    assert config.matrix.as_token.get_secret_value() == "0123"
    assert config.matrix.hs_token is not None
    assert config.matrix.hs_token.get_secret_value() == "1e3"


def test_an_empty_section_means_all_defaults(read: Read) -> None:
    config = read("web:\ndelivery: ~\n")
    assert config == read()


def test_addresses_lose_the_slash_at_the_end(read: Read) -> None:
    text = ACCOUNTS + MATRIX.replace("8008", "8008/")
    assert read(text=text).matrix.homeserver == "http://127.0.0.1:8008"


def test_standing_channels_stay_and_change_only_what_is_said(read: Read) -> None:
    text = (
        ACCOUNTS
        + MATRIX
        + """\
  channels:
    payments: {roles: [sales]}
    large: {title: Large}
    bare:
roles:
  sales:
"""
    )
    channels = read(text=text).matrix.channels
    assert set(channels) == {*CHANNELS, "large", "bare"}
    assert channels["payments"].topic == CHANNELS["payments"].topic
    assert channels["payments"].roles == ("sales",)
    assert (channels["large"].title, channels["bare"].roles) == ("Large", (EVERYONE,))


def test_the_environment_fills_values(read: Read) -> None:
    config = read(
        """\
targets:
  mail: {apprise: "mailtos://${USER_NAME}:$${pa$$s}${PLUS:-}@example.org?to=${TO:-a@example.org}"}
locale: ${EMPTY:-de_DE}
web: {port: "${PORT}"}
""",
        environ={"USER_NAME": "anna", "PORT": "81", "EMPTY": ""},
    )
    url = config.targets["mail"].apprise.get_secret_value()
    assert url == "mailtos://anna:${pa$s}@example.org?to=a@example.org"
    assert (config.locale, config.web.port) == ("de_DE", 81)


def test_what_the_environment_says_is_not_read_again(read: Read) -> None:
    config = read("targets: {one: {apprise: '${URL}'}}\n", environ={"URL": "json://${HOME}: {x}"})
    assert config.targets["one"].apprise.get_secret_value() == "json://${HOME}: {x}"


def test_secret_files(read: Read, tmp_path: Path) -> None:
    (tmp_path / "reader").write_text("rk_test_file\n")
    (tmp_path / "hooks").write_bytes(b"whsec_old\r\n\r\nwhsec_new\r\n")
    absolute = tmp_path / "token"
    absolute.write_bytes(b"\xef\xbb\xbf${as}\n")
    config = read(
        text=f"""\
accounts:
  acme: {{reader_key_file: "${{FOLDER:-.}}/reader", webhook_secrets_file: hooks}}
{MATRIX.replace("as_token: ours", f"as_token_file: {absolute}")}""",
    )
    account = config.accounts["acme"]
    assert account.reader_key.get_secret_value() == "rk_test_file"
    assert [secret.get_secret_value() for secret in account.webhook_secrets] == [
        "whsec_old",
        "whsec_new",
    ]
    assert config.matrix.as_token is not None
    assert config.matrix.as_token.get_secret_value() == "${as}"


def test_secrets_are_in_no_text_of_the_configuration(read: Read) -> None:
    config = read(
        "targets: {one: {apprise: 'json://hush'}}\nstore: {url: 'postgresql+asyncpg://u:hush@h/d'}\n"
    )
    for secret in ("rk_test_reader", "whsec_one", "ours", "theirs", "hush"):
        assert secret not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"


def test_somebody_may_be_on_another_platform_only(read: Read) -> None:
    config = read("people:\n  ben: {identities: ['slack:U1']}\n")
    assert (config.people["ben"].matrix, config.people["ben"].identities) == (None, ("slack:U1",))
    assert members(config, Subject("acme", SubjectKind.CHANNEL, "payments")) == ()
