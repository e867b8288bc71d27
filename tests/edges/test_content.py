"""A message on a platform: only what we wrote is alive in it, whatever customers wrote."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.edges.matrix_content import MOST_BYTES, OURS, matrix_content
from bridge.edges.plain_text import plain_text, unmarked
from bridge.model.message import Link, Message
from bridge.model.signal import Fact, SignalClass
from bridge.model.text import SafeText, safe, unlinked

PAGE = "https://dashboard.example.org/disputes/dp_1"
ATTACKS = [
    "@everyone", "@here", "@room", "@channel", "<@U123>", "<@&9>", "<!channel>", "<#C1>", "<at>boss</at>",
    "http://evil.com", "https://evil.com/a?b=c", "//evil.com", "www.evil.com", "evil.com", "мама.рф", "evil。com",
    "[click](http://evil.com)", "![x](evil.com)", "[x][y]", "<http://evil.com|bank>", "<a href='//evil.com'>x</a>",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "mailto:x@evil.com",
    "@anna:example.org", "#room:example.org", "!id:example.org", "matrix:u/anna:example.org", "~town-square",
    "`code`", "```", "**bold**", "_it_", "__b__", "~~gone~~", "||secret||", "# Title", "> quote", "- list",
    "1. one", ":tada:", "&lt;b&gt;", "&#64;everyone", "\\", "/start", "/me", "\n", " ", "anna@example.org",
    "\u202e", "\u200b", "</li></ul>", '"', "'", "a", "Z", "9", ".", ":", "@", "_", "*", "|", "<", ">", "(", ")",
]  # fmt: skip
hostile = st.lists(st.sampled_from(ATTACKS) | st.text(max_size=6), max_size=8).map("".join)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    facts = draw(st.lists(hostile, max_size=4))
    return Message(
        title=safe(draw(hostile)),
        tone=draw(st.none() | st.sampled_from(SignalClass)),
        facts=tuple(Fact("Reason", safe(value)) for value in facts),
        text=safe(draw(hostile), lines=True),
        lines=tuple(safe(line) for line in draw(st.lists(hostile, max_size=3))),
        links=(Link(SafeText("Open in Stripe"), PAGE),),
        test_mode=draw(st.booleans()),
        ids={"charge": "ch_1"},
    )


#: What one platform or another would make something of, in plain text.
ALIVE = [
    r"[^\W\d_]:/?/?[^\s]",  # schemes, matrix ids
    r"://",
    r"(?<![^\W_])[@＠]\S",  # noqa: RUF001
    r"#[^\W\d_]",
    r"(?<!\S)/\w",
]
DOMAIN = r"[\w-][.。．｡][^\W\d_]{2}"  # noqa: RUF001
MARKUP = [
    r"<\S",
    r"\]\(",
    r"\]\[",
    r"`",
    r"\*",
    r"~",
    r"\|\|",
    r":[\w+-]+:",
    r"(?<![^\W_])_",
    r"_(?![^\W_])",
    r"\\",
]
MARKUP += [r"&#?\w+;"]
EMAIL = r"(?<![^\s(,;→])[A-Za-z0-9][\w.+'-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w@:/.-])"


def alive(text: str, patterns: list[str]) -> list[str]:
    """Everything in a text that a platform would act on; e-mail addresses may stay."""
    without = re.sub(EMAIL, "", text)
    found = [m[0] for p in [*patterns, DOMAIN] for m in re.finditer(p, without)]
    # An address whose domain begins like a mention is one on the platforms that look for that only.
    return found + re.findall(r"@(?:everyone|here|room|channel|all)\b", text)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.linked = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += "\n"
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "a" in self.open:
            self.linked += data
        else:
            self.text += data


def parsed(content: dict[str, Any]) -> Tags:
    tags = Tags()
    tags.feed(content["formatted_body"])
    tags.close()
    assert tags.open == []
    return tags


def canonical(content: dict[str, Any]) -> bytes:
    def refuse(odd: object) -> None:
        raise AssertionError(f"{odd!r} is no plain JSON")

    assert not any(isinstance(value, float) for value in leaves(content))
    compact = json.dumps(content, default=refuse, ensure_ascii=False, separators=(",", ":"))
    return compact.encode()


def leaves(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [leaf for value in thing.values() for leaf in leaves(value)]
    if isinstance(thing, list):
        return [leaf for value in thing for leaf in leaves(value)]
    return [thing]


@given(messages())
def test_matrix_has_only_our_tags_and_our_link(message: Message) -> None:
    tags = parsed(matrix_content(message, delivery="d1"))
    assert {tag for tag, _ in tags.tags} <= {"p", "strong", "ul", "li", "br", "a"}
    assert [attrs for tag, attrs in tags.tags if attrs] == [{"href": PAGE}]
    assert tags.linked == "Open in Stripe"
    assert alive(tags.text, ALIVE) == []


@given(messages())
def test_matrix_mentions_nobody_and_links_nothing_of_a_customer(message: Message) -> None:
    content = matrix_content(message, delivery="d1")
    assert content["m.mentions"] == {}
    assert alive(content["body"].replace(PAGE, ""), ALIVE[1:]) == []
    assert len(canonical(content)) < MOST_BYTES


@given(messages(), st.integers(20, 2000))
@example(Message(SafeText("@everyone"), facts=(Fact("Reason", SafeText("<@U1> [a](b)")),)), 500)
def test_plain_text_has_nothing_alive_but_our_link(message: Message, limit: int) -> None:
    title, body = plain_text(message, limit)
    assert len(title) + len(body) <= limit
    for part in (title, body.replace(PAGE, "")):
        # The word that was cut may end in anything, and means nothing.
        whole = re.sub(r"\S*…$", "", part.removesuffix("Open in Stripe: ").rstrip())
        assert alive(whole, ALIVE[1:] + MARKUP) == []
        assert not re.search(r"^\s*(?:[#>+=|-]|\d+[.)])", whole, re.MULTILINE)


@given(hostile)
def test_neutral_text_stays_neutral_on_its_next_way_out(text: str) -> None:
    assert unmarked(unmarked(safe(text))) == unmarked(safe(text))


@pytest.mark.parametrize(
    "name",
    [
        "Anna Weber",
        "O'Neil & Söhne GmbH",
        "Jean-Luc D’Arc",
        "李小龍",
        "أحمد",
        "snake_case_user",
        "anna.weber_2+shop@example.co.uk",
        "C# consulting, 50 % off (2 < 3)",
        "R&D budget",
        "Dispute opened: €129.00, fraudulent",
    ],
)
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert unmarked(name) == name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone pay <@U1> now", "@ everyone pay ‹@ U1> now"),  # noqa: RUF001
        ("<!channel>", "‹!channel>"),  # noqa: RUF001
        ("[Stripe](https://evil.com)", "[Stripe] (https: //evil. com)"),
        ("*bold* _it_ `x`", "∗bold∗ ＿it＿ 'x'"),  # noqa: RUF001
        ("<at>boss@example.org</at>", "‹at>boss@ example. org‹/at>"),  # noqa: RUF001
        ("# Title", "· # Title"),
    ],
)
def test_tricks_stay_readable(text: str, shown: str) -> None:
    assert unmarked(text) == shown


MESSAGE = Message(
    title=SafeText("Dispute opened: €129.00, fraudulent · Anna Weber"),
    tone=SignalClass.PAGE,
    facts=(
        Fact("Answer by", SafeText("1 Dec 2026, 23:59 UTC")),
        Fact("For", SafeText("Jacket <L> & hat")),
    ),
    text=SafeText("first\nsecond"),
    links=(Link(SafeText("Open in Stripe"), f"{PAGE}?a=1&b=2"),),
    mentions=("@anna:example.org",),
    test_mode=True,
    ids={"dispute": "dp_1", "charge": "ch_1"},
)


def test_the_whole_content() -> None:
    assert matrix_content(MESSAGE, delivery="d1") == {
        "msgtype": "m.text",
        "body": "🚨 [test] Dispute opened: €129.00, fraudulent · Anna Weber\n"
        "- Answer by: 1 Dec 2026, 23:59 UTC\n- For: Jacket <L> & hat\nfirst\nsecond\n"
        f"Open in Stripe: {PAGE}?a=1&b=2\n@anna:example.org",
        "format": "org.matrix.custom.html",
        "formatted_body": "<p>🚨 <strong>[test] Dispute opened: €129.00, fraudulent · Anna Weber</strong></p>"
        "<ul><li>Answer by: 1 Dec 2026, 23:59 UTC</li><li>For: Jacket &lt;L&gt; &amp; hat</li></ul>"
        "<p>first<br>second</p>"
        f'<p><a href="{PAGE}?a=1&amp;b=2">Open in Stripe</a></p>'
        '<p><a href="https://matrix.to/#/@anna:example.org">@anna:example.org</a></p>',
        "m.mentions": {"user_ids": ["@anna:example.org"]},
        OURS: {"delivery": "d1", "ids": {"dispute": "dp_1", "charge": "ch_1"}},
    }


def test_an_edit_is_silent_whole_and_of_the_first_version() -> None:
    edit = matrix_content(MESSAGE, delivery="d2", replaces="$first")
    whole = matrix_content(MESSAGE, delivery="d2")
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$first"}
    assert edit["m.new_content"] == whole
    assert "m.relates_to" not in whole
    assert (edit["m.mentions"], edit["msgtype"]) == ({}, "m.notice")
    assert edit["body"] == f"* {whole['body']}"


@given(messages())
def test_an_edit_is_as_harmless_and_not_too_large(message: Message) -> None:
    edit = matrix_content(message, delivery="d", replaces="$first")
    assert edit["m.mentions"] == edit["m.new_content"]["m.mentions"] == {}
    assert alive(edit["body"].replace(PAGE, ""), ALIVE[1:]) == []
    assert len(canonical(edit)) < MOST_BYTES


def test_what_is_too_long_for_an_edit_loses_its_end() -> None:
    lines = tuple(SafeText(f"{number} {'x' * 290}") for number in range(200))
    edit = matrix_content(Message(SafeText("many"), lines=lines), delivery="d", replaces="$first")
    assert len(canonical(edit)) < MOST_BYTES
    assert "shortened" in edit["m.new_content"]["body"]


def test_a_line_has_no_weight_and_several_are_a_list() -> None:
    one = matrix_content(Message(SafeText("Renewal failed: €49.00")), delivery="d", thread="$root")
    assert one["formatted_body"] == "<p>Renewal failed: €49.00</p>"
    lines = (SafeText("21:00 – it failed"), SafeText("21:05 – it was paid <b>"))
    several = matrix_content(Message(SafeText("2 things happened"), lines=lines), delivery="d")
    assert several["body"] == "2 things happened\n- 21:00 – it failed\n- 21:05 – it was paid <b>"
    assert several["formatted_body"] == (
        "<p><strong>2 things happened</strong></p>"
        "<ul><li>21:00 – it failed</li><li>21:05 – it was paid &lt;b&gt;</li></ul>"
    )
    assert plain_text(Message(SafeText("x"), lines=lines), 500)[1].startswith("21:00 – it failed")


def test_the_whole_plain_text() -> None:
    assert plain_text(MESSAGE, 2000) == (
        "🚨 [test] Dispute opened: €129.00, fraudulent · Anna Weber",
        "\n".join(
            [
                "Answer by: 1 Dec 2026, 23:59 UTC",
                "For: Jacket ‹L> & hat",  # noqa: RUF001
                "first",
                "second",
                f"Open in Stripe: {PAGE}?a=1&b=2",
            ]
        ),
    )


def test_only_pages_are_texts_that_make_a_sound() -> None:
    kinds = {
        tone: matrix_content(Message(SafeText("x"), tone=tone), delivery="d")["msgtype"]
        for tone in (*SignalClass, None)
    }
    assert [tone for tone, kind in kinds.items() if kind == "m.text"] == [SignalClass.PAGE]
    assert set(kinds.values()) == {"m.text", "m.notice"}


@pytest.mark.parametrize(
    ("thread", "reply_to", "relation"),
    [
        (None, None, None),
        (None, "$b", {"m.in_reply_to": {"event_id": "$b"}}),
        (
            "$a",
            None,
            {
                "rel_type": "m.thread",
                "event_id": "$a",
                "is_falling_back": True,
                "m.in_reply_to": {"event_id": "$a"},
            },
        ),
        (
            "$a",
            "$b",
            {
                "rel_type": "m.thread",
                "event_id": "$a",
                "is_falling_back": False,
                "m.in_reply_to": {"event_id": "$b"},
            },
        ),
    ],
)
def test_threads_and_replies(thread: str | None, reply_to: str | None, relation: object) -> None:
    content = matrix_content(MESSAGE, delivery="d", thread=thread, reply_to=reply_to)
    assert content.get("m.relates_to") == relation


@pytest.mark.parametrize("letter", ["a", '"', "🚨", "\\"])
def test_a_message_that_is_too_long_is_cut_and_says_so(letter: str) -> None:
    facts = tuple(Fact("Line", SafeText(letter * 300)) for _ in range(500))
    message = Message(
        SafeText("List"), facts=facts, text=SafeText(letter * 100_000), links=MESSAGE.links
    )
    content = matrix_content(message, delivery="d")
    assert len(canonical(content)) <= MOST_BYTES
    assert "… shortened" in content["body"]
    assert PAGE in content["body"]


def test_plain_text_keeps_its_link_when_it_is_cut() -> None:
    message = Message(SafeText("t" * 300), text=SafeText("x" * 5000), links=MESSAGE.links)
    title, body = plain_text(message, 1000)
    assert len(title) == 200
    assert body.endswith(f"…\nOpen in Stripe: {PAGE}?a=1&b=2")
    assert len(title) + len(body) <= 1000


def test_ids_are_texts_whatever_comes() -> None:
    odd: dict[str, Any] = {"amount": 1.5, "n": 7}
    content = matrix_content(Message(SafeText("x"), ids=odd), delivery="d")
    assert content[OURS]["ids"] == {"amount": "1.5", "n": "7"}
    canonical(content)


def test_our_own_words_pass_untouched() -> None:
    assert unlinked("Open in Stripe") == "Open in Stripe"
