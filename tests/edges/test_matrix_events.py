"""What people say is understood; what is edited, echoed, or malformed never acts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.edges.matrix_events import chat_messages
from bridge.model.ports import Attachment, ChatMessage, chat_from_json, chat_to_json

OWN = "@stripe:here"


def event(said: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "event_id": "$1",
        "room_id": "!r",
        "sender": "@sam:here",
        "origin_server_ts": 1_795_813_200_000,
        "content": {"msgtype": "m.text", "body": "note hi", **said},
        **changed,
    }


def only(*events: Any) -> ChatMessage:
    (found,) = chat_messages(list(events), own=OWN)
    return found


def relates(**relation: Any) -> dict[str, Any]:
    return {"m.relates_to": relation}


def test_a_plain_message() -> None:
    said = only(event({}))
    assert (said.body, said.sender, said.reply_to, said.thread) == (
        "note hi",
        "@sam:here",
        None,
        None,
    )
    assert chat_from_json(chat_to_json(said)) == said


def test_a_reply_and_the_old_fallback() -> None:
    said = only(
        event(
            {
                "body": "> <@x:y> refund\n> 5\n\nrefund 20",
                **relates(**{"m.in_reply_to": {"event_id": "$0"}}),
            }
        )
    )
    assert (said.body, said.reply_to) == ("refund 20", "$0")


def test_a_message_in_a_thread_replies_only_if_it_says_so() -> None:
    inside = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    assert only(event(relates(**inside, is_falling_back=True))).reply_to is None
    said = only(event(relates(**inside, is_falling_back=False)))
    assert (said.thread, said.reply_to) == ("$root", "$last")


def test_a_reaction_without_its_variation_selector() -> None:
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$q", "key": "✔\ufe0f"}}
    said = only(event({}, type="m.reaction", content=content))
    assert (said.reaction, said.reply_to, said.body) == ("✔", "$q", "")


def file(**said: Any) -> dict[str, Any]:
    """As clients send it: without a caption `body` is the file's name, with one there is `filename`."""
    content = {"msgtype": "m.file", "body": "bill.pdf", "url": "mxc://here/abc", **said}
    return event({}, content=content)


@pytest.mark.parametrize(
    ("dropped", "caption", "attachment"),
    [
        (file(), "", Attachment("mxc://here/abc", "bill.pdf")),
        (file(filename="bill.pdf"), "", Attachment("mxc://here/abc", "bill.pdf")),
        (file(body="receipt", filename="b.pdf"), "receipt", Attachment("mxc://here/abc", "b.pdf")),
        (file(msgtype="m.image", body="a.png"), "", Attachment("mxc://here/abc", "a.png")),
        (file(url=None, file={"url": "mxc://here/abc"}), "", Attachment("", "bill.pdf")),
        (file(body=7), "", Attachment("mxc://here/abc", "")),
    ],
)
def test_a_dropped_file_with_what_is_written_beside_it(
    dropped: dict[str, Any], caption: str, attachment: Attachment
) -> None:
    said = only(dropped)
    assert (said.body, said.file) == (caption, attachment)
    assert chat_from_json(chat_to_json(said)) == said


def test_a_file_in_a_thread_and_as_a_reply() -> None:
    relation = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$q"}}
    said = only(file(**relates(**relation, is_falling_back=False)))
    assert (said.thread, said.reply_to) == ("$root", "$q")


def test_a_long_message_is_not_cut_where_a_verb_would_take_it() -> None:
    assert len(only(event({"body": "evidence " + "x" * 20_001})).body) == 20_010


@pytest.mark.parametrize(
    "odd",
    [
        event(relates(rel_type="m.replace", event_id="$0")),
        event({"msgtype": "m.notice"}),
        file(url=None),
        file(url=7),
        file(url="mxc://" + "x" * 300),
        file(msgtype="m.video"),
        file(**relates(rel_type="m.replace", event_id="$0")),
        event({}, sender=OWN),
        event({}, state_key=""),
        event({"body": 7}),
        event({}, event_id=None),
        event({}, event_id="$" + "x" * 300),
        event({}, content="text"),
        event({}, type="m.room.redaction"),
        event({}, type="m.reaction"),
        event(
            {},
            type="m.reaction",
            content={"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": 1}},
        ),
        None,
        [],
        "x",
    ],
)
def test_what_must_not_act_is_left_out(odd: Any) -> None:
    assert list(chat_messages([odd], own=OWN)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "m.relates_to",
                    "rel_type",
                    "event_id",
                    "key",
                    "body",
                    "msgtype",
                    "filename",
                    "url",
                    "file",
                    "m.in_reply_to",
                    "content",
                    "type",
                    "sender",
                    "room_id",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_shape_of_a_transaction_raises(events: Any) -> None:
    list(chat_messages(events, own=OWN))
    list(chat_messages([events], own=OWN))
    list(chat_messages([event({}, content=events)], own=OWN))
