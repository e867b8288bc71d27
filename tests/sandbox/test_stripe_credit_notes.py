"""Credit notes: what they take off an invoice, and the ways in which paid money goes back."""

from typing import Any

import pytest
import stripe

from bridge.sandbox.stripe_server import RefundOutcome, SandboxStripe


def told(sandbox: SandboxStripe, since: int) -> list[str]:
    return [event["type"] for event in sandbox.events()[since:]]


async def test_a_paid_invoice_is_refunded_by_a_credit_note(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    seen = len(sandbox.events())
    note = await owner.v1.credit_notes.create_async(
        {
            "invoice": made["invoice"], "amount": 900, "refund_amount": 900, "email_type": "none",
            "reason": "product_unsatisfactory", "memo": "Sorry", "metadata": {"by": "@ada"},
        },
        {"idempotency_key": "action-1"},
    )  # fmt: skip
    assert (note.status, note.type, note.total, note.memo) == (
        "issued",
        "post_payment",
        900,
        "Sorry",
    )
    assert told(sandbox, seen) == [
        "charge.refunded", "refund.created", "invoice.updated", "credit_note.created",
    ]  # fmt: skip
    (line,) = sandbox.ledger()
    (refund,) = line["refunds"]
    assert (refund["amount"], refund["idempotency_key"]) == (900, "action-1")
    assert note.refunds[0].refund == refund["refund"]
    invoice = await owner.v1.invoices.retrieve_async(made["invoice"])
    assert (invoice.status, invoice.post_payment_credit_notes_amount) == ("paid", 900)
    number = f"{invoice.number}-CN-01"
    assert (note.number, [n.amount for n in note.lines.data]) == (number, [900])


async def test_the_three_ways_back_add_up(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    note = await owner.v1.credit_notes.create_async({
        "invoice": made["invoice"], "amount": 2900, "refund_amount": 1000, "credit_amount": 1500,
        "out_of_band_amount": 400,
    })  # fmt: skip
    assert note.out_of_band_amount == 400
    customer = await owner.v1.customers.retrieve_async(made["customer"])
    assert customer.balance == -1500
    entries = await owner.v1.customers.balance_transactions.list_async(made["customer"])
    assert [(e.id, e.amount, e.credit_note) for e in entries.data] == [
        (note.customer_balance_transaction, -1500, note.id)
    ]
    assert sandbox.ledger()[0]["amount_refunded"] == 1000
    with pytest.raises(stripe.InvalidRequestError, match=r"is left of the invoice .*\$0\.00"):
        await owner.v1.credit_notes.create_async({"invoice": made["invoice"], "amount": 1})


async def test_a_credit_pays_the_next_invoice(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    asked: Any = {"invoice": made["invoice"], "amount": 2900, "credit_amount": 2900}
    await owner.v1.credit_notes.create_async(asked)
    sandbox.happen("subscription_renews", subscription=made["subscription"])
    (latest, _) = (await owner.v1.invoices.list_async({})).data
    assert (latest.status, latest.total, latest.amount_due) == ("paid", 2900, 0)
    assert (latest.starting_balance, latest.ending_balance) == (-2900, 0)
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"amount": 2901, "refund_amount": 2901}, r"\(\$29\.01\) is greater than what is left"),
        ({"amount": 900, "refund_amount": 800}, r"\(\$8\.00\) must equal .* \(\$9\.00\)"),
        ({"amount": 900, "refund_amount": 1000}, r"\(\$10\.00\) must equal"),
        ({"amount": 0}, "more than nothing"),
        ({"amount": 900, "refund_amount": -1, "credit_amount": 901}, "greater than or equal to 0"),
        ({}, "either `amount` or `lines`"),
        ({"amount": 1, "lines": [{"type": "custom_line_item"}]}, "either `amount` or `lines`"),
        ({"lines": [{"type": "invoice_line_item"}]}, "No such line on the invoice"),
        ({"amount": 900, "reason": "whim"}, "must be one of duplicate"),
    ],
)
async def test_refused(
    sandbox: SandboxStripe, owner: stripe.StripeClient, asked: Any, message: str
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    seen = len(sandbox.events())
    params: Any = {"invoice": made["invoice"], **asked}
    for verb in (owner.v1.credit_notes.preview_async, owner.v1.credit_notes.create_async):
        with pytest.raises(stripe.InvalidRequestError, match=message):
            await verb(params)
    assert told(sandbox, seen) == []


async def test_no_more_than_the_charge_has_left(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    asked: Any = {"invoice": made["invoice"], "amount": 2000, "refund_amount": 2000}
    await owner.v1.refunds.create_async({"charge": made["charge"], "amount": 1000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        await owner.v1.credit_notes.create_async(asked)
    sandbox.happen("dispute_opens", charge=made["charge"])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await owner.v1.credit_notes.create_async(asked)
    assert refused.value.code == "charge_disputed"
    assert (await owner.v1.credit_notes.list_async({})).data == []


async def test_paid_elsewhere_cannot_be_refunded_here(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails", amount=2900)
    await owner.v1.invoices.pay_async(made["invoice"], {"paid_out_of_band": True})
    with pytest.raises(stripe.InvalidRequestError, match="not paid through Stripe"):
        await owner.v1.credit_notes.create_async(
            {"invoice": made["invoice"], "amount": 100, "refund_amount": 100}
        )


async def test_its_refund_may_be_pending(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    sandbox.refund_next(RefundOutcome("pending"))
    await owner.v1.credit_notes.create_async(
        {"invoice": made["invoice"], "amount": 900, "refund_amount": 900}
    )
    assert sandbox.ledger()[0]["refunds"][0]["status"] == "pending"


async def test_lines_of_the_invoice_and_of_ones_own(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails", amount=2900)
    invoice = await owner.v1.invoices.retrieve_async(made["invoice"])
    note = await owner.v1.credit_notes.create_async({
        "invoice": made["invoice"],
        "lines": [
            {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id,
             "amount": 500},
            {"type": "custom_line_item", "description": "Goodwill", "unit_amount": 200,
             "quantity": 2},
        ],
    })  # fmt: skip
    assert (note.type, note.pre_payment_amount, note.refunds) == ("pre_payment", 900, [])
    lines = await owner.v1.credit_notes.line_items.list_async(note.id)
    assert [(line.description, line.amount) for line in lines.data] == [
        ("Subscription renewal", 500),
        ("Goodwill", 400),
    ]


async def test_an_open_invoice_owes_less_until_the_note_is_void(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails", amount=2900)
    note = await owner.v1.credit_notes.create_async({"invoice": made["invoice"], "amount": 900})
    invoice = await owner.v1.invoices.retrieve_async(made["invoice"])
    intent = await owner.v1.payment_intents.retrieve_async(made["payment_intent"])
    assert (invoice.amount_remaining, intent.amount, invoice.status) == (2000, 2000, "open")
    voided = await owner.v1.credit_notes.void_credit_note_async(note.id)
    assert (voided.status, sandbox.events()[-2]["type"]) == ("void", "credit_note.voided")
    assert (await owner.v1.invoices.retrieve_async(made["invoice"])).amount_remaining == 2900
    with pytest.raises(stripe.InvalidRequestError, match="void already"):
        await owner.v1.credit_notes.void_credit_note_async(note.id)


async def test_a_note_over_everything_closes_an_open_invoice(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_fails", amount=2900)
    note = await owner.v1.credit_notes.create_async({"invoice": made["invoice"], "amount": 2900})
    assert (await owner.v1.invoices.retrieve_async(made["invoice"])).status == "paid"
    intent = await owner.v1.payment_intents.retrieve_async(made["payment_intent"])
    assert intent.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="of an open invoice"):
        await owner.v1.credit_notes.void_credit_note_async(note.id)


async def test_a_preview_changes_nothing(
    sandbox: SandboxStripe, owner: stripe.StripeClient
) -> None:
    made = sandbox.happen("renewal_succeeds", amount=2900)
    seen = len(sandbox.events())
    shown = await owner.v1.credit_notes.preview_async(
        {"invoice": made["invoice"], "amount": 900, "refund_amount": 900}
    )
    assert (shown.total, shown.post_payment_amount, shown.refunds) == (900, 900, [])
    assert told(sandbox, seen) == []
    assert (await owner.v1.credit_notes.list_async({})).data == []


async def test_found_and_annotated(sandbox: SandboxStripe, owner: stripe.StripeClient) -> None:
    made, other = sandbox.happen("renewal_fails"), sandbox.happen("renewal_fails")
    notes = [
        await owner.v1.credit_notes.create_async({"invoice": m["invoice"], "amount": 100})
        for m in (made, other)
    ]
    for asked in ({"invoice": made["invoice"]}, {"customer": made["customer"]}):
        page = await owner.v1.credit_notes.list_async(asked)  # type: ignore[arg-type]
        assert [n.id for n in page.data] == [notes[0].id]
    await owner.v1.credit_notes.update_async(notes[0].id, {"memo": "Late", "metadata": {"a": "b"}})
    read = await owner.v1.credit_notes.retrieve_async(notes[0].id)
    assert (read.memo, sandbox.events()[-1]["type"]) == ("Late", "credit_note.updated")
    (line, *_) = sandbox.events()[-1]["data"]["previous_attributes"].items()
    assert line == ("memo", None)


@pytest.mark.parametrize("status", ["draft", "void"])
async def test_only_finalized_invoices(
    sandbox: SandboxStripe, owner: stripe.StripeClient, status: str
) -> None:
    made = sandbox.happen("renewal_fails")
    name = made["invoice"]
    if status == "void":
        await owner.v1.invoices.void_invoice_async(name)
    else:
        name = (await owner.v1.invoices.create_async({"customer": made["customer"]})).id
    with pytest.raises(stripe.InvalidRequestError, match=f"is {status}; a credit note needs"):
        await owner.v1.credit_notes.create_async({"invoice": name, "amount": 1})
