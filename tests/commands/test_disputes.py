"""Evidence is put together in chat, seen as Stripe has it, and sent once, when another person agrees."""

from datetime import timedelta

import pytest

from bridge.commands.rights import least
from bridge.commands.table import TABLE
from bridge.config.schema import RoleRights
from bridge.edges.matrix_content import matrix_content
from bridge.model import evidence
from bridge.model.ports import Attachment, RoomChange, RoomFate, Told
from bridge.model.signal import Objects
from bridge.sandbox.stripe_server import Fault
from bridge.sandbox.stripe_server.keys import ApiKey

from .dispute_room import disputed, pdf
from .office import Office


async def test_a_text_is_staged_and_says_what_was_there_before(office: Office) -> None:
    room = await disputed(office)
    told = await room.say("sam", "evidence product description A lamp,\nbrass")
    assert "Product description staged; the bank has not seen it yet." in told
    assert "Still missing: customer purchase ip" in told
    told = await room.say("sam", "evidence product_description: A lamp of iron")
    assert "Before it was “A lamp,\nbrass”." in told
    found = await room.found()
    assert found["evidence"]["product_description"] == "A lamp of iron"
    assert (found["status"], found["evidence_details"]["submission_count"]) == ("needs_response", 0)
    assert "taken back" in await room.say("sam", "evidence remove product description")
    assert await room.staged() == {}
    assert "there is none" in await room.say("sam", "evidence remove product description")


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("tracking number 1Z999", "shipping_tracking_number", "1Z999"),
        ("shipping_tracking_number=1Z999", "shipping_tracking_number", "1Z999"),
        ("Customer Email: a@b.example", "customer_email_address", "a@b.example"),
        ("refund policy disclosure it was shown", "refund_policy_disclosure", "it was shown"),
        ("access-activity-log logged in", "access_activity_log", "logged in"),
    ],
)
async def test_fields_are_named_as_people_type_them(
    office: Office, typed: str, field: str, value: str
) -> None:
    room = await disputed(office)
    await room.say("sam", f"evidence {typed}")
    assert await room.staged() == {field: value}


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("", ["Which evidence", "`evidence customer purchase ip …`"]),
        ("shipping 1Z999", ["Which of these", "`evidence shipping carrier …`"]),
        ("prodct description a lamp", ["Which of these", "`evidence product description …`"]),
        ("xyzzy", ["don't know that kind"]),
        ("receipt here it is", ["Receipt is a file: drop a PDF"]),
        ("refund policy none", ["is a file", "`evidence refund policy disclosure …`"]),
        ("product description", ["What should stand in product description?"]),
        ("product description " + "x" * 20_001, ["holds 20,000 characters at most", "20,001"]),
    ],
)
async def test_what_is_not_clear_is_asked_back(
    office: Office, typed: str, answers: list[str]
) -> None:
    room = await disputed(office)
    told = await room.say("sam", f"evidence {typed}")
    assert [one for one in answers if one not in told] == []
    assert await room.staged() == {}


async def test_all_texts_together_have_a_limit(office: Office) -> None:
    room = await disputed(office)
    long = "x" * 20_000
    for field in ("product description", "access activity log", "uncategorized text",
                  "cancellation rebuttal", "refund refusal", "refund policy disclosure",
                  "cancellation policy disclosure"):  # fmt: skip
        assert "staged" in await room.say("sam", f"evidence {field} {long}")
    assert "160,000 characters" in await room.say("sam", f"evidence duplicate explanation {long}")


async def test_a_file_with_its_field_beside_it_is_staged(office: Office) -> None:
    room = await disputed(office)
    told = await room.drop("sam", pdf(3), "../../rech\u202enung <1>.exe", "receipt")
    assert "Receipt staged" in told
    file = await office.readers["acme"].file((await room.staged())["receipt"])
    assert (file["filename"], file["type"], file["size"]) == (
        "rech_nung _1.pdf",
        "pdf",
        len(pdf(3)),
    )
    assert "Before it was another file." in await room.drop(
        "sam", pdf(1), "x.pdf", "!stripe evidence receipt"
    )
    assert (await room.found())["status"] == "needs_response"


async def test_a_file_alone_is_asked_about_and_named_in_its_thread(office: Office) -> None:
    room = await disputed(office, reason="product_not_received")
    told = await room.drop("sam", pdf(), "label.pdf", event_id="$label")
    assert told.splitlines()[0].startswith("What is that file?")
    assert "`evidence shipping documentation`" in told
    assert await office.say("sid", "nice one", room=room.room, thread="$label") == ""
    assert "Which of these" in await office.say(
        "sid", "evidence shipping", room=room.room, thread="$label"
    )
    told = await office.say("sid", "shipping documentation", room=room.room, thread="$label")
    assert "Shipping documentation staged" in told
    assert list(await room.staged()) == ["shipping_documentation"]


async def test_a_file_that_was_taken_away_stays_away(office: Office) -> None:
    room = await disputed(office)
    await room.drop("sam", pdf(), "a.pdf", event_id="$a")
    gone = RoomChange("$gone", room.room, "@sam:test", RoomFate.REDACTED, "$a")
    await office.commands.accept(Told(changes=(gone,), transaction="gone"))
    assert await office.say("sam", "receipt", room=room.room, thread="$a") == ""
    assert await room.staged() == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"MZ\x90 not a document", "none of them"),
        (b"%!PS %PDF-1.4", "none of them"),
        (pdf(50), "50 pages"),
        (pdf(1, padding=4_600_000), "too large"),
    ],
)
async def test_what_banks_do_not_take_is_refused(
    office: Office, content: bytes, words: str
) -> None:
    room = await disputed(office)
    assert words in await room.drop("sam", content, "innocent.pdf", "receipt")
    assert await room.staged() == {}


async def test_all_files_together_have_a_limit_and_pages_go_by_the_network(office: Office) -> None:
    room = await disputed(office)
    assert "staged" in await room.drop("sam", pdf(1, padding=2_500_000), "a.pdf", "receipt")
    told = await room.drop("sam", pdf(1, padding=2_500_000), "b.pdf", "other file")
    assert "5.0 MB; 4.5 MB are the most" in told
    assert "staged" in await room.drop("sam", pdf(1, padding=2_600_000), "a.pdf", "receipt")


async def test_an_encrypted_file_is_refused(office: Office) -> None:
    room = await disputed(office)
    file = Attachment("", "secret.pdf")
    told = await office.say("sam", "receipt", room=room.room, file=file)
    assert "encrypted" in told


async def test_files_elsewhere_are_nobodys_business(office: Office) -> None:
    file = Attachment("mxc://test/1", "cat.png")
    assert await office.say("sam", "look", file=file) == ""
    paid = await office.payment()
    assert await office.say("sam", "look", file=file, reply_to=paid) == ""


async def test_a_file_answers_a_disputes_message_elsewhere_if_it_says_so(office: Office) -> None:
    room = await disputed(office)
    about = await office.posted(Objects(dispute=room.dispute))
    office.media.files["mxc://test/x"] = pdf()
    file = Attachment("mxc://test/x", "bill.pdf")
    assert await office.say("sam", "receipt", file=file, reply_to=about) == ""
    told = await office.say("sam", "evidence receipt", file=file, reply_to=about)
    assert "Receipt staged" in told


@pytest.mark.parametrize(
    "caption", ["!stripe receipt", "!stripe evidence receipt", "Receipt", "evidence receipt"]
)
async def test_a_caption_may_be_a_whole_command(office: Office, caption: str) -> None:
    room = await disputed(office)
    assert "Receipt staged" in await room.drop("sam", pdf(), "a.pdf", caption)


async def test_who_may_not_is_told_and_nothing_is_fetched(office: Office) -> None:
    room = await disputed(office)
    assert "None of your roles may `evidence`" in await room.drop("eva", pdf(), "a.pdf", "receipt")
    assert await room.staged() == {}


async def test_a_homeserver_that_is_away_is_waited_for(office: Office) -> None:
    room = await disputed(office)
    office.media.away = True
    assert "just now" in await room.drop("sam", pdf(), "a.pdf", "receipt")
    office.media.away = False
    office.stripe.fail_next(Fault("error", method="POST", path="/v1/files"))
    told = await room.drop("sam", pdf(), "b.pdf", "receipt")
    assert "answer did not arrive" in told
    office.media.away = True
    await office.later(timedelta(minutes=2))
    assert await room.staged() == {}
    office.media.away = False
    await office.later(timedelta(minutes=5))
    assert "Receipt staged" in office.told[-1].words
    assert list(await room.staged()) == ["receipt"]
    assert len(office.stripe.world.uploads) == 1


async def test_a_file_that_is_another_one_by_then_is_not_staged(office: Office) -> None:
    room = await disputed(office)
    office.stripe.fail_next(Fault("error", method="POST", path="/v1/files"))
    await room.drop("sam", pdf(2), "a.pdf", "receipt")
    office.media.files["mxc://test/0"] = pdf(3)
    await office.later(timedelta(minutes=5))
    assert await room.staged() == {}


async def test_the_preview_is_what_stripe_has_right_now(office: Office) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence customer purchase ip 203.0.113.9")
    await room.drop("sam", pdf(2), "bill.pdf", "receipt")
    told = await room.say("sam", "preview")
    for words in (
        "Evidence in the dispute over €100.00",
        "Customer purchase ip: 203.0.113.9",
        "Receipt: bill.pdf (pdf, ",
        "Missing: customer signature",
        "(9 days left)",
        "that is final",
    ):
        assert words in told


async def test_evidence_goes_to_the_bank_once_another_person_agrees(office: Office) -> None:
    room = await disputed(office)
    assert "no evidence to send" in await room.say("sam", "submit")
    await room.say("sam", "evidence product description A lamp")
    told = await room.say("sam", "submit")
    assert "for good?" in told
    assert "Banks also look for: customer purchase ip" in told
    assert "approves what they have asked" in await room.approve(by="sam")
    waits = office.question("Waits for another person").event_id
    told = await office.say("fin", "approve", room=room.room, reply_to=waits)
    assert "is with the bank" in told
    found = await room.found()
    assert found["status"] == "under_review"
    assert found["evidence_details"]["submission_count"] == 1
    assert found["evidence"]["product_description"] == "A lamp"
    for verb in ("evidence uncategorized text more", "submit", "accept"):
        assert "only one answer is taken" in await room.say("sam", verb)
    assert await office.faults() == []


async def test_what_was_changed_since_it_was_approved_is_not_sent(office: Office) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence product description A lamp")
    await room.say("sam", "submit")
    await room.say("sid", "evidence product description A chair")
    asked = office.question("for good?").event_id
    await office.say("sam", "yes", room=room.room, reply_to=asked)
    waits = office.question("Waits for another person").event_id
    told = await office.say("fin", "approve", room=room.room, reply_to=waits)
    assert "Nothing was sent: the evidence at Stripe is not what was approved any more" in told
    assert (await room.found())["evidence_details"]["submission_count"] == 0


async def test_a_preview_holds_all_of_it_in_one_message(office: Office) -> None:
    room = await disputed(office)
    fields = [field for field in evidence.FIELDS if not field.is_file]
    for field in fields:
        long = "長" if field.name == "customer_name" else "長い" * 4_000
        await room.say("sam", f"evidence {field.words} {long}")
    told = await room.say("sam", "preview")
    assert [field.words for field in fields if field.words.capitalize() not in told] == []
    assert "Customer name: 長\n" in told
    assert "(8,000 characters in all)" in told
    content = matrix_content(office.told[-1].message, delivery="d")
    assert "shortened" not in content["body"]
    assert "that is final" in content["body"]


async def test_the_trail_keeps_no_text_of_the_evidence(office: Office) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence customer name Ada Lovelace")
    await room.say("sam", "evidence customer name Charles Babbage")
    done = [one for one in await office.trail() if one["what"] == "succeeded"]
    assert [one["after"]["letters"] for one in done] == [12, 15]
    assert done[1]["before"] == done[0]["after"]
    assert "Lovelace" not in str(await office.trail())


async def test_accept_is_not_taken_for_approve(office: Office) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence product description A lamp")
    await room.say("sam", "submit")
    asked = office.question().event_id
    told = await office.say("fin", "accept", room=room.room, reply_to=asked)
    assert "write `approve`" in told


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "conflict", "rate_limited"])
@pytest.mark.parametrize("path", ["/v1/files", "/v1/disputes"])
async def test_a_file_is_staged_once_whatever_is_cut_off(
    office: Office, kind: str, path: str
) -> None:
    room = await disputed(office)
    office.stripe.fail_next(Fault(kind, method="POST", path=path))
    await room.drop("sam", pdf(), "a.pdf", "receipt")
    await office.later(timedelta(minutes=10))
    assert "Receipt staged" in office.told[-1].words
    assert len(office.stripe.world.uploads) == 1
    assert await office.faults() == []


async def test_keys_cut_to_the_least_do_all_of_it(office: Office) -> None:
    roles = {"support": RoleRights(verbs=("evidence", "preview", "submit"))}
    needs = least(office.config.model_copy(update={"roles": roles}), TABLE)
    ring = office.stripe.api.keys
    for name in ("reader", "writer"):
        key, granted = getattr(ring, name), frozenset(f"rak_{one}" for one in getattr(needs, name))
        setattr(ring, name, ApiKey(key.name, key.value, granted=granted))
    room = await disputed(office)
    assert "staged" in await room.drop("sam", pdf(), "a.pdf", "receipt")
    assert "staged" in await room.drop("sam", pdf(), "b.pdf", "customer signature")
    assert "a.pdf" in await room.say("sam", "preview")
    await room.say("sam", "submit")
    assert "is with the bank" in await room.approve()


@pytest.mark.parametrize("kind", ["cut", "error_after", "error", "conflict", "rate_limited"])
async def test_an_unclear_answer_is_settled_by_looking(office: Office, kind: str) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence product description A lamp")
    await room.say("sam", "submit")
    office.stripe.fail_next(Fault(kind, method="POST", path="/v1/disputes/*"))
    await room.approve()
    await office.later(timedelta(minutes=10))
    assert "is with the bank" in office.told[-1].words
    assert (await room.found())["evidence_details"]["submission_count"] == 1


async def test_a_dispute_is_given_up_when_another_person_agrees(office: Office) -> None:
    room = await disputed(office)
    told = await room.say("sam", "accept we sent the wrong one")
    assert "Accept the dispute over €100.00 as lost" in told
    assert "Reason: we sent the wrong one" in told
    office.stripe.fail_next(Fault("cut", method="POST", path="/v1/disputes/*"))
    await room.approve()
    await office.later(timedelta(minutes=10))
    assert "is accepted: it is lost" in office.told[-1].words
    assert (await room.found())["status"] == "lost"
    assert "This dispute is lost" in await room.say("sam", "accept")


async def test_a_freeze_stops_giving_up(office: Office) -> None:
    room = await disputed(office)
    await office.say("fin", "!stripe freeze")
    assert "frozen" in await room.say("sam", "accept")


async def test_after_the_deadline_nothing_is_taken(office: Office) -> None:
    room = await disputed(office, days=2)
    await room.say("sam", "evidence product description A lamp")
    await room.say("sam", "submit")
    office.clock.advance(timedelta(days=3))
    assert "deadline" in await room.say("sam", "evidence uncategorized text more")
    assert "deadline" in await room.say("sam", "submit")
    assert "passed" in await room.say("sam", "show")


async def test_a_dispute_that_takes_no_answer(office: Office) -> None:
    room = await disputed(office, days=0)
    assert "takes no answer" in await room.say("sam", "evidence uncategorized text hello")


async def test_an_inquiry_is_answered_or_refunded_and_not_accepted(office: Office) -> None:
    room = await disputed(office, inquiry=True)
    assert "has taken no money" in await room.say("sam", "accept")
    assert "inquiry, waiting for your answer" in await room.say("sam", "show")
    await room.say("sam", "evidence uncategorized text we have asked her")
    await room.say("sam", "submit")
    await room.approve()
    assert (await room.found())["status"] == "warning_under_review"


@pytest.mark.parametrize(
    ("happenings", "words"),
    [
        ([("dispute_closes", {"outcome": "won"})], "won"),
        ([("dispute_closes", {"outcome": "lost"})], "lost"),
        ([("dispute_closes", {"outcome": "lost"}), ("dispute_closes", {"outcome": "won"})], "won"),
        ([("dispute_closes", {"outcome": "prevented"})], "prevented before it became a dispute"),
        ([("dispute_closes", {"outcome": "lost"}), ("dispute_is_appealed", {})], "appeal, waiting"),
    ],
)
async def test_every_end_is_shown_in_words_and_refuses_what_comes_too_late(
    office: Office, happenings: list[tuple[str, dict[str, str]]], words: str
) -> None:
    room = await disputed(office)
    for name, given in happenings:
        office.stripe.happen(name, dispute=room.dispute, **given)
    assert f"State: {words}" in await room.say("sam", "show")
    told = await room.say("sam", "evidence uncategorized text hello")
    assert "appeal" in told if "appeal" in words else "Nothing can be sent to the bank now" in told


async def test_what_is_refunded_is_up_to_the_dispute(office: Office) -> None:
    """A charge stays marked as disputed for good; an open chargeback holds it, others don't."""
    room = await disputed(office)
    assert "disputed" in await room.say("sam", "refund 10")
    office.stripe.happen("dispute_closes", dispute=room.dispute, outcome="won")
    await room.say("sam", "refund 10")
    asked = office.question("Refund €10.00").event_id
    assert "Refunded €10.00" in await office.say("sam", "yes", room=room.room, reply_to=asked)
    asking = await disputed(office, inquiry=True)
    await asking.say("sam", "refund 10")
    asked = office.question("Refund €10.00").event_id
    office.stripe.happen("inquiry_escalates", dispute=asking.dispute)
    assert "is disputed" in await office.say("sam", "yes", room=asking.room, reply_to=asked)
    assert [amount for amount, _ in office.refunds()] == [1000]


async def test_a_room_shows_no_more_than_its_profile(office: Office) -> None:
    room = await disputed(office)
    await room.say("sam", "evidence customer name Ada Lovelace")
    matrix = office.config.matrix
    for details, words in (("masked", "Customer name: A… L…"), ("none", "not to show amounts")):
        rooms = matrix.dispute_rooms.model_copy(update={"details": details})
        matrix = matrix.model_copy(update={"dispute_rooms": rooms})
        office.rebuild(office.config.model_copy(update={"matrix": matrix}))
        assert words in await room.say("sam", "preview")


async def test_disputes_are_named_by_the_message_elsewhere(office: Office) -> None:
    assert "which dispute" in await office.say("sam", "!stripe preview")
