"""Every mistake is told at once, at its line, in words, and never with a value that may be secret."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.config import Config, ConfigError, load
from bridge.config.schema import Person
from bridge.model.errors import BridgeError
from bridge.model.verbs import VERBS
from tests.config.conftest import ACCOUNTS, MATRIX, Mistakes, Read

ROUTE = "routes:\n  - name: one\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("web: {prot: 1}", ["10: web.prot: is not a known key — did you mean `port`?"]),
        ("web: {zzz: 1}", ["10: web.zzz: is not a known key — the keys here are host, port, max_body_bytes"]),
        ("web: {port_fil: x}", ["10: web.port_fil: is not a known key — did you mean `port_file`?"]),
        ("store_file: x", ["10: store_file: is not a known key — only single values and lists of them can come from a file"]),
        ("web:\n  port: many", ["11: web.port: should be a whole number"]),
        ("web:\n  port: 70000", ["11: web.port: should be at most 65535"]),
        ("web: 80", ["10: web: should be a mapping — write lines of `key: value` under it"]),
        ("web:\n  port:", ["11: web.port: has no value — give one (a text that begins with # in quotes), or remove the line"]),
        ("locale: zz_ZZ", ["10: locale: is not a known locale; write one like `en_GB` or `de_DE`"]),
        ("timezone: ../../etc/passwd", ["10: timezone: is not a known time zone; write one like `Europe/Berlin` or `UTC`"]),
        ("timezone: Europe", ["10: timezone: is not a known time zone; write one like `Europe/Berlin` or `UTC`"]),
        ("commands: {confirm_within: 10}", ["10: commands.confirm_within: should be a duration like 90s, 10m, 2h or 1d"]),
        ("commands: {confirm_within: ''}", ["10: commands.confirm_within: should be a duration like 90s, 10m, 2h or 1d"]),
        ("commands: {confirm_within: P9X}", ["10: commands.confirm_within: should be a duration like 90s, 10m, 2h or 1d"]),
        ("commands: {confirm_within: 2d}", ["10: commands.confirm_within: should be at most 1d"]),
        ("commands: {confirm_within: 0s}", ["10: commands.confirm_within: should be more than 0s"]),
        ("commands: {confirm_within: 999999999d}", ["10: commands.confirm_within: should be at most 1d"]),
        ("delivery: {backoff_first: 9m}", []),
        ("delivery:\n  backoff_first: 9m\n  backoff_most: 8m", ["12: delivery.backoff_most: is shorter than `backoff_first`"]),
        ("delivery: {attempts: 0}", ["10: delivery.attempts: should be at least 1"]),
        ("roles: {support: {verbs: [refnd]}}", [f"10: roles.support.verbs[0]: should be one of the verbs {', '.join(VERBS)}"]),
        ("roles: {support: {verbs: refund}}", ["10: roles.support.verbs: should be a list — write `[one, two]`, or lines that begin with a dash"]),
        ("roles: {Support: }", ["10: roles.Support: should be a name of at most 40 small letters, digits and dashes"]),
        ("people: {anna: {matrix: anna}}", ["10: people.anna.matrix: should be a Matrix id like `@anna:example.org`"]),
        ("people: {anna: {matrix: '@anna:example.org', roles: [boss]}}", ["10: people.anna.roles[0]: no role is called `boss` — add it under `roles`"]),
        (
            "people:\n  anna: {matrix: '@a:example.org'}\n  ben: {matrix: '@a:example.org'}",
            ["12: people.ben.matrix: is the Matrix id of `anna` too — give each person their own"],
        ),
        (
            "people:\n  anna: {matrix: '@a:elsewhere.org'}",
            ["11: people.anna.matrix: is not on the homeserver `example.org` — people of other homeservers need `matrix.federate: true`"],
        ),
        (
            "people:\n  anna: {matrix: '@a:example.org', identities: ['slack:U1']}\n  ben: {matrix: '@b:example.org', identities: ['slack:U2', 'slack:U1']}",
            ["12: people.ben.identities[1]: is an identity of `anna` too — give each person their own"],
        ),
        (
            "people:\n  anna: {matrix: '@a:example.org'}\n  ben: {matrix: '@b:example.org', identities: ['matrix:@a:example.org']}",
            ["12: people.ben.identities[0]: is an identity of `anna` too — give each person their own"],
        ),
        ("people: {anna: {roles: []}}", ["10: people.anna.identities: is missing: whom does it mean? Give `matrix` or `identities`"]),
        ("people: {anna: {matrix: '@a:example.org', identities: [U1]}}", ["10: people.anna.identities[0]: should be a platform and an id on it, like `slack:T0123/U4567` or `telegram:123`"]),
        ("approvals: [{roles: [boss], others: 1}]", ["10: approvals[0].roles[0]: no role is called `boss` — add it under `roles`"]),
        ("approvals: [{by: [boss], others: 1}]", ["10: approvals[0].by[0]: no role is called `boss` — add it under `roles`"]),
        ("approvals: [{accounts: [other], others: 1}]", ["10: approvals[0].accounts[0]: no account is called `other` — add it under `accounts`"]),
        ("approvals: [{amount_at_least: 5, others: 1}]", ["10: approvals[0].amount_at_least: means nothing without `currencies`: name them"]),
        ("approvals: [{verbs: [refund]}]", ["10: approvals[0].others: is missing — How many other people must approve; 0 if the asker's own `yes` is enough."]),
        ("limits: [{roles: [boss], currency: eur}]", ["10: limits[0].roles[0]: no role is called `boss` — add it under `roles`"]),
        ("limits: [{per_action: 5}]", ["10: limits[0].currency: is missing — The currency of the amounts below (`eur`)."]),
        ("audit: {head_to: ['#paymnts']}", ["10: audit.head_to[0]: no channel is called `#paymnts` — did you mean `#payments`?"]),
        ("audit: {head_to: [room]}", ["10: audit.head_to[0]: should be `#channel`, `@target` or `tag:word`"]),
        ("targets: {one: {apprise: ''}}", ["10: targets.one.apprise: is empty"]),
        ("targets: {one: {apprise: 'json://x', details: all}}", ["10: targets.one.details: should be `full`, `masked` or `none`"]),
        ("store: {url: 'postgres://u:p@h/d'}", ["10: store.url: should begin with `sqlite+aiosqlite:///` or `postgresql+asyncpg://`"]),
        ("store: {url: 'postgresql+asyncpg://u:p@h'}", ["10: store.url: names no database: write `postgresql+asyncpg://user:password@host/database`"]),
        (ROUTE + "    to: room", ["12: routes[0].to: should be a list — write `[one, two]`, or lines that begin with a dash"]),
        (ROUTE + "    to: [room, '#paymnts']", ["12: routes[0].to[1]: no channel is called `#paymnts` — did you mean `#payments`?"]),
        (ROUTE + "    to:\n      - room\n      - '@pager'", ["14: routes[0].to[1]: no target is called `@pager` — add it under `targets`"]),
        (ROUTE + "    to: ['tag:nobody-has-it']", []),
        (ROUTE + "    to: [everywhere]", ["12: routes[0].to[0]: should be `room`, `#channel`, `@target` or `tag:word`"]),
        (ROUTE + "    match: {accounts: [amce]}\n    to: []", ["12: routes[0].match.accounts[0]: no account is called `amce` — did you mean `acme`?"]),
        (ROUTE + "    match: {classes: [urgent]}\n    to: []", ["12: routes[0].match.classes[0]: should be `page`, `notify`, `group` or `digest`"]),
        (ROUTE + "    match: {amount_at_least: 5}\n    to: []", ["12: routes[0].match.amount_at_least: means nothing without `currencies`: name them"]),
        (ROUTE + "    match: {amount_at_least: NaN, currencies: [eur]}\n    to: []", ["12: routes[0].match.amount_at_least: should be a number like 500 or 12.50"]),
        (ROUTE + "    to: []\n  - name: one\n    to: []", ["13: routes[1].name: is the name of a route above too — give each route its own"]),
        ("routes:\n  - to: []", ["11: routes[0].name: is missing — What `why` and the logs call this route."]),
        ("commands: {escalate_to: ['#nowhere']}", ["10: commands.escalate_to[0]: no channel is called `#nowhere` — add it under `matrix.channels`"]),
        ("locale: de_DE\nlocale: en_GB", ["11: locale: is given twice; the first is at line 10 — keep one of them"]),
        ("accounts: {}", ["10: accounts: is given twice; the first is at line 1 — keep one of them"]),
        ("locale: !!python/object/apply:os.system ['x']", ["10: locale: has a tag (`!…`), which cannot be used — remove the tag"]),
        ("locale: !secret x", ["10: locale: has a tag (`!…`), which cannot be used — remove the tag"]),
        ("? [a, b]\n: c", ["1: has a key that is not a plain word — write `key: value`"]),
        ("locale: ${NOPE}", ["10: locale: the environment has no variable `NOPE` — set it, or give a default: `${NOPE:-default}`"]),
        ("locale: ${}", ["10: locale: has a `${` that begins no `${NAME}` or `${NAME:-default}` — write `$$` for a dollar sign"]),
        ("timezone_file: nowhere", ["10: timezone_file: the file cannot be read: No such file or directory"]),
        ("timezone_file: .", ["10: timezone_file: the file cannot be read: Is a directory"]),
        ("timezone_file:", ["10: timezone_file: should be the path of a file"]),
        ("timezone: UTC\ntimezone_file: x", ["11: timezone_file: is given, and `timezone` too — keep one of them"]),
    ],
)  # fmt: skip
def test_each_mistake_has_its_line_and_its_words(
    more: str, expected: list[str], read: Read, mistakes: Mistakes
) -> None:
    if expected:
        assert mistakes(more + "\n") == expected
    else:
        read(more + "\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty — begin with the example in docs/configuration.md"),
        ("# nothing\n", "1: the file is empty — begin with the example in docs/configuration.md"),
        ("\n- a\n", "2: the file should be a mapping: lines of `key: value`"),
        ("words", "1: the file should be a mapping: lines of `key: value`"),
        ("web:\n\tport: 1\n", "2: a tab stands where YAML wants spaces — indent with spaces"),
        ("to: @pager\n", '1: a text cannot begin with this character — put it in quotes ("@name")'),
        (
            "a: b: c\n",
            "1: there is a colon where none can be — put a text that holds `: ` in quotes, and look at the indentation",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "2: only one document can be in the file — remove what follows `---`",
        ),
        ("a: &x 1\nb: *x\n", "1: anchors and aliases (`&name`, `*name`) cannot be used"),
        ("a: 1\nb: " + "[" * 500, "2: this is nested too deeply"),
        (b"a: 1\nb: \xff\n", "2: the file is not UTF-8 text — save it as UTF-8"),
        (
            b"a: 1\nb: \x00\n",
            "2: there is a character that YAML does not allow — remove it, or write the file anew as UTF-8",
        ),
        ("#" * (1024 * 1024 + 1), "1: the file is larger than 1 MiB — is it the right one?"),
    ],
    ids=range(13),
)
def test_what_cannot_be_read_at_all(text: str | bytes, expected: str, mistakes: Mistakes) -> None:
    assert mistakes(text=text) == [expected]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        BridgeError, match="cannot be read: No such file or directory — give its path"
    ):
        load(tmp_path / "bridge.yaml", {})


def test_all_at_once_and_in_order(mistakes: Mistakes) -> None:
    """Also what only shows between parts, although parts are mistaken."""
    text = """\
accounts:
  acme:
    reader_key: rk_live_x
    timeout: soon
matrix:
  homeserver: matrix.example.org
  as_token: ${TOKEN}
routes:
  - name: all
    to: ["#nowhere"]
"""
    found = [re.sub(r": (is|should|the|no) .*", "", mistake) for mistake in mistakes(text=text)]
    assert found == [
        "2: accounts.acme.webhook_secrets",
        "3: accounts.acme.reader_key",
        "4: accounts.acme.timeout",
        "5: matrix.hs_token",
        "5: matrix.server_name",
        "6: matrix.homeserver",
        "7: matrix.as_token",
        "10: routes[0].to[0]",
    ]


def test_the_text_is_what_an_editor_can_follow(read: Read, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read("web: {port: x}\nlocale: x y\n")
    file = tmp_path / "bridge.yaml"
    assert str(caught.value).splitlines() == [
        f"{file}:10: web.port: should be a whole number",
        f"{file}:11: locale: is not a known locale; write one like `en_GB` or `de_DE`",
    ]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("reader", "livemode", "problem"),
    [
        ("rk_live_x", "false", "is a key of the live mode — set `livemode: true`, or give the other mode's key"),
        ("sk_test_x", "true", "is a key of the test mode — set `livemode: false`, or give the other mode's key"),
        ("pk_test_x", "false", "is a publishable key, which cannot be used here — make a restricted key (`rk_…`) in Stripe's dashboard"),
        ("'two words'", "false", "should be one word of printable ASCII characters: it is empty, or has spaces or line breaks"),
        ('"rk_test_x\\n"', "false", "should be one word of printable ASCII characters: it is empty, or has spaces or line breaks"),
    ],
)  # fmt: skip
def test_keys_that_cannot_be_meant(
    reader: str, livemode: str, problem: str, mistakes: Mistakes
) -> None:
    text = ACCOUNTS.replace("rk_test_reader", reader) + f"    livemode: {livemode}\n" + MATRIX
    assert mistakes(text=text) == [f"3: accounts.acme.reader_key: {problem}"]


def test_the_two_tokens_differ(mistakes: Mistakes) -> None:
    text = ACCOUNTS + MATRIX.replace("theirs", "ours")
    assert mistakes(text=text) == [
        "9: matrix.hs_token: is the same as `as_token` — make two different random tokens"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"hush\xff", "the file is not UTF-8 text"),
        (b"hush" * 300_000, "the file is too large"),
    ],
    ids=["empty", "blank", "bytes", "large"],
)
def test_secret_files_that_cannot_be_used(
    content: bytes, problem: str, mistakes: Mistakes, tmp_path: Path
) -> None:
    (tmp_path / "url").write_bytes(content)
    assert mistakes("targets:\n  one:\n    apprise_file: url\n") == [
        f"12: targets.one.apprise_file: {problem}"
    ]


def test_what_a_file_holds_is_checked_at_the_key_that_names_it(
    mistakes: Mistakes, tmp_path: Path
) -> None:
    (tmp_path / "hooks").write_text("whsec_one\nwhsec two\n")
    (found,) = mistakes(
        text=ACCOUNTS.replace("webhook_secrets: [whsec_one]", "webhook_secrets_file: hooks")
        + MATRIX
    )
    assert found.startswith("4: accounts.acme.webhook_secrets[1]: should be one word")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///?cache=shared",
        "sqlite:///x.db",
        "postgresql://h/d",
        "postgresql+psycopg://h/d",
        "mysql+aiomysql://h/d",
        "postgresql+asyncpg://[h/d",
        "x.db",
    ],
)
def test_stores_that_would_not_keep_anything(url: str, mistakes: Mistakes) -> None:
    (found,) = mistakes(f"store: {{url: '{url}'}}\n")
    assert found.startswith("10: store.url: ")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_is_in_the_file_it_is_a_configuration_or_a_list_of_mistakes(
    data: st.DataObject, read: Read
) -> None:
    good = ACCOUNTS + MATRIX + ROUTE + "    to: [room]\n    match: {classes: [page]}\n"
    at = data.draw(st.integers(0, len(good)))
    put = data.draw(st.text("-:#{}[]&*!|>'\"%@`$ \n\tax0,?", max_size=8) | st.text(max_size=4))
    cut = data.draw(st.integers(0, 12))
    try:
        read(text=(good[:at] + put + good[at + cut :]).encode(errors="surrogatepass"))
    except ConfigError as error:
        assert error.mistakes
        assert all(1 <= mistake.line <= good.count("\n") + 10 for mistake in error.mistakes)


SECRET = "hush-do-not-tell"
PLACES = [
    "{0}",
    "{0}: 1",
    "locale: {0}",
    "timezone_file: {0}",
    "web: {{port: {0}, host: [{0}]}}",
    "store: {{url: {0}}}",
    "targets: {{one: {{apprise: [{0}], details: {0}, timeout: {0}, tags: {0}}}}}",
    "routes: [{{name: {0}!, to: [{0}], match: {{types: ['{0}!'], livemode: {0}, amount_at_least: {0}}}}}]",
    "people: {{anna: {{matrix: {0}, roles: {0}}}}}",
    "matrix: {{as_token: '{0} {0}'}}",
    "accounts: {{acme: {{reader_key: [{0}], writer_key_file: /{0}, webhook_secrets: {0}, account_id: {0}, api_base: {0}}}}}",
    "locale: '{0}",
    "locale: {0}: {0}",
    "locale: [{0}",
    "  {0}",
    "locale: @{0}",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    place=st.sampled_from(PLACES[2:]),
    before=st.sampled_from(["", "rk_live_", "postgres://u:", "json://", "whsec_", "${"]),
)
def test_no_value_is_ever_repeated(place: str, before: str, read: Read) -> None:
    with pytest.raises(ConfigError) as caught:
        read(place.format(before + SECRET) + "\n")
    assert SECRET not in f"{caught.value}{caught.value!r}{caught.value.mistakes!r}"


def test_a_configuration_made_in_a_program_is_held_to_the_same_rules(read: Read) -> None:
    good = read()
    person = Person(matrix="@a:example.org", roles=("boss",))
    with pytest.raises(ValidationError) as caught:
        Config(accounts=good.accounts, matrix=good.matrix, people={"anna": person})
    assert caught.value.errors()[0]["loc"] == ("people", "anna", "roles", 0)
