"""docs/configuration.md says what the schema says, key by key, and its examples load."""

import re
from pathlib import Path

import pytest
import yaml

from bridge.config.describe import sections, with_tables
from bridge.config.schema import CHANNELS, ROUTES
from tests.config.conftest import ACCOUNTS, MATRIX, Read

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```yaml\n# (?:example|default): (\w+)\n(.*?)```", PAGE, re.DOTALL))
VARIABLES = {
    "STRIPE_READER_KEY": "rk_live_reader",
    "STRIPE_WRITER_KEY": "rk_live_writer",
    "PAGER_URL": "json://localhost",
    "FINANCE_MAIL_URL": "json://localhost",
}


def test_the_tables_are_those_of_the_schema() -> None:
    assert with_tables(PAGE) == PAGE, "run `python -m bridge.config.describe`"


def test_every_section_has_one_table() -> None:
    there = re.findall(r"<!-- keys of (\S+) -->", PAGE)
    assert sorted(there) == sorted(place for place, _ in sections())


@pytest.mark.parametrize("place", [place for place, _ in sections()])
def test_a_changed_table_would_be_noticed(place: str) -> None:
    start = PAGE.index(f"<!-- keys of {place} -->")
    cut = PAGE[:start] + PAGE[start:].replace("| `", "| `un", 1)
    assert with_tables(cut) != cut


def test_every_key_has_a_description() -> None:
    for place, section in sections():
        for key, field in section.model_fields.items():
            assert (field.description or "").endswith("."), f"{place}.{key}"


@pytest.mark.parametrize("name", ["smallest", "full"])
def test_the_examples_load(name: str, read: Read) -> None:
    example = EXAMPLES[name]
    names = set(re.findall(r"\$\{(\w+)\}", example))
    mode = {} if "livemode: true" in example else {"STRIPE_READER_KEY": "rk_test_reader"}
    config = read(
        text=example, environ={variable: variable.lower() for variable in names} | VARIABLES | mode
    )
    assert config.accounts["acme"].livemode is (name == "full")


def test_the_defaults_shown_are_the_defaults(read: Read) -> None:
    routes = read("routes:\n" + EXAMPLES["routes"]).routes
    channels = "  channels:\n" + "".join(
        f"    {line}\n" for line in EXAMPLES["channels"].splitlines()
    )
    assert routes == ROUTES
    assert set(yaml.safe_load(EXAMPLES["channels"])) == set(CHANNELS)
    assert read(text=ACCOUNTS + MATRIX + channels).matrix.channels == CHANNELS


def test_the_mistakes_shown_are_told_in_these_words(read: Read) -> None:
    """The lines differ; the words are those of the program."""
    shown = re.findall(r"^bridge\.yaml:\d+: (.*)$", PAGE, re.MULTILINE)
    text = (
        MATRIX
        + "accounts: {acme: {reader_key: rk_test_x}}\nweb: {prot: 1}\nroutes: [{name: a, to: [room, '#paymnts']}]\n"
    )
    with pytest.raises(Exception, match="bridge") as caught:
        read(text=text)
    told = [str(mistake) for mistake in getattr(caught.value, "mistakes", ())]
    assert sorted(shown) == sorted(told)
