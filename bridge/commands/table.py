"""Every verb, in the order `help` shows them."""

from bridge.commands import escalate, note, refund, show
from bridge.commands.desk import Ask, Desk, Reply, Verb


async def _help(desk: Desk, ask: Ask) -> Reply:
    del desk
    return Reply(show.help_of(TABLE, ask))


TABLE = (
    Verb(
        "refund",
        "refund [amount] [reason]",
        "gives money back for the payment you reply to; all that is left without an amount",
        moves_money=True,
        perform=refund.perform,
        execute=refund.execute,
        find=refund.find,
    ),
    Verb(
        "note",
        "note text",
        "writes something down, here and in Stripe",
        moves_money=False,
        perform=note.perform,
        execute=note.execute,
        find=note.find,
    ),
    Verb(
        "escalate",
        "escalate [text]",
        "asks others for help, at once",
        moves_money=False,
        perform=escalate.perform,
    ),
    Verb(
        "show",
        "show",
        "tells what Stripe says of it right now",
        moves_money=False,
        perform=show.perform,
    ),
    Verb("help", "help", "shows this", moves_money=False, perform=_help),
)
VERBS = {verb.name: verb for verb in TABLE}
