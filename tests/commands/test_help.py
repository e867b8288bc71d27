"""`help`: what there is, one verb in full, and words that are none."""

import pytest

from bridge.commands.table import TABLE

from .office import Office


async def test_the_list_has_what_this_person_may_use(office: Office) -> None:
    said = await office.say("eva", "!stripe help")
    assert "show" in said
    assert "refund [amount]" not in said


async def test_one_verb_is_told_with_an_example_and_what_it_needs(office: Office) -> None:
    await office.say("eva", "!stripe help refund")
    message = office.told[-1].message
    told = {fact.label: fact.value for fact in message.facts}
    assert message.title.startswith("refund [amount]")
    assert "20.00 eur" in told["For example"]
    assert "payment" in told["About"]
    assert told["Asks first"].startswith("yes, and then")
    assert told["Who may"] == "support, finance (not you)"


async def test_who_may_is_told_to_those_who_may(office: Office) -> None:
    await office.say("sam", "!stripe help note")
    told = {fact.label: fact.value for fact in office.told[-1].message.facts}
    assert (told["Asks first"], told["Who may"]) == ("no", "support, finance (you, too)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("!stripe", "What you can ask for"),
        ("!stripe help refnd", "Did you mean `help refund`?"),
        ("!stripe help <b>@room</b>", "There is no verb"),
        ("!stripe refnd", "Did you mean refund?"),
    ],
)
async def test_empty_and_unknown_words_are_answered(office: Office, text: str, words: str) -> None:
    assert words in await office.say("sam", text)


def test_every_verb_shows_how_it_is_typed() -> None:
    for verb in TABLE:
        assert all(one.split()[0] == verb.name for one in verb.examples), verb.name
        assert verb.usage.split()[0] == verb.name
