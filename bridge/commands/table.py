"""Every verb, in the order `help` shows them. A new one is a row here and a small file; see desk.py."""

from bridge.commands import escalate, explain, freeze, link, note, refund, retry, role, show
from bridge.commands.desk import Ask, Deed, Desk, Reply, Verb


async def _help(desk: Desk, ask: Ask) -> Reply:
    return Reply(explain.told(desk, VERBS, ask))


TABLE = (
    Verb(
        "refund",
        "refund [amount] [payment] [reason]",
        "gives money back for the payment you reply to; all that is left without an amount",
        Deed(refund.propose, refund.execute, refund.told, refund.find),
        needs=(
            "charge_read",
            "dispute_read",
            "payment_intent_read",
            "invoice_read",
            "charge_write",
        ),
        examples=("refund", "refund 20 duplicate", "refund pi_… 20.00 eur came too late"),
        about=(
            "a payment: reply to its message, name it by its id, or write in its customer's room "
            "if there is only one"
        ),
    ),
    Verb(
        "retry",
        "retry [invoice]",
        "charges an open invoice again, now",
        Deed(retry.propose, retry.execute, retry.told, retry.find),
        needs=("invoice_read", "payment_intent_read", "event_read", "invoice_write"),
        examples=("retry", "retry in_1Pgc6t"),
        about="an invoice: reply to its message, name it, or ask in the customer's room",
    ),
    Verb(
        "note",
        "note text",
        "writes something down, here and in Stripe",
        Deed(note.propose, note.execute, note.told, moves_money=False, asks=False),
        needs=(
            "charge_write",
            "customer_write",
            "dispute_write",
            "invoice_write",
            "payment_intent_write",
            "subscription_write",
        ),
        examples=("note called her back, she pays on Monday",),
        about="what you reply to, else what the room is about",
    ),
    Verb(
        "escalate",
        "escalate [text]",
        "asks others for help, at once",
        escalate.perform,
        examples=("escalate she says it is not hers",),
        about="what you reply to, else what the room is about",
    ),
    Verb(
        "show",
        "show",
        "tells what Stripe says of it right now",
        show.perform,
        needs=(
            "charge_read",
            "customer_read",
            "dispute_read",
            "invoice_read",
            "payment_intent_read",
        ),
        examples=("show",),
        about="what you reply to, else what the room is about",
    ),
    Verb(
        "freeze",
        "freeze [reason]",
        "stops everything that moves money in this account, at once",
        freeze.perform,
        guarded=True,
        examples=("freeze somebody has my phone",),
    ),
    Verb(
        "unfreeze",
        "unfreeze",
        "lets money move again; who froze it needs somebody else's approval",
        Deed(freeze.propose, freeze.execute, freeze.told, moves_money=False),
        examples=("unfreeze",),
    ),
    Verb(
        "role",
        "role add|remove person role",
        "gives somebody a role or takes it; another person must approve it",
        Deed(role.propose, role.execute, role.told, moves_money=False),
        examples=("role add anna finance", "role remove anna finance"),
    ),
    link.VERB,
    Verb(
        "help",
        "help [verb]",
        "shows what you can ask for, or all about one verb",
        _help,
        examples=("help", "help refund"),
    ),
)
VERBS = {verb.name: verb for verb in TABLE}
