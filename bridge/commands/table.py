"""Every verb, in the order `help` shows them. A new one is a row here and a small file; see desk.py."""

from bridge.commands import escalate, freeze, link, note, refund, role, show
from bridge.commands.desk import Ask, Deed, Desk, Reply, Verb


async def _help(desk: Desk, ask: Ask) -> Reply:
    del desk
    return Reply(show.help_of(TABLE, ask))


TABLE = (
    Verb(
        "refund",
        "refund [amount] [reason]",
        "gives money back for the payment you reply to; all that is left without an amount",
        Deed(refund.propose, refund.execute, refund.told, refund.find),
        needs=("charge_read", "payment_intent_read", "invoice_read", "charge_write"),
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
    ),
    Verb("escalate", "escalate [text]", "asks others for help, at once", escalate.perform),
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
    ),
    Verb(
        "freeze",
        "freeze [reason]",
        "stops everything that moves money in this account, at once",
        freeze.perform,
        guarded=True,
    ),
    Verb(
        "unfreeze",
        "unfreeze",
        "lets money move again; who froze it needs somebody else's approval",
        Deed(freeze.propose, freeze.execute, freeze.told, moves_money=False),
    ),
    Verb(
        "role",
        "role add|remove person role",
        "gives somebody a role or takes it; another person must approve it",
        Deed(role.propose, role.execute, role.told, moves_money=False),
    ),
    link.VERB,
    Verb("help", "help", "shows this", _help),
)
VERBS = {verb.name: verb for verb in TABLE}
