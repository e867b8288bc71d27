"""`portal`: a way for one customer into Stripe's billing portal.

The link is a key to the customer's account, for minutes. It goes into the thread where it was asked
for, and nowhere else: neither the action nor the audit trail knows it.
"""

from datetime import timedelta

from bridge.commands.desk import Ask, Desk, Proposal, Result, page_link, say
from bridge.model.action import ActionState
from bridge.model.errors import Refused
from bridge.model.event import Json, id_of, moment
from bridge.model.message import Message
from bridge.model.signal import SubjectKind
from bridge.model.text import SafeText
from bridge.store.actions import Action

EVENTS = ("billing_portal.session.created",)
MAKES = "billing_portal.session"
#: So long an unused one works at least.
_LIFE = timedelta(minutes=5)


async def propose(desk: Desk, ask: Ask) -> Proposal:
    if ask.command.rest.strip() or ask.subject.kind is not SubjectKind.CUSTOMER:
        raise Refused(
            "Write just `portal`, in the customer's own room: the link is for nobody else."
        )
    customer = await desk.readers[ask.subject.account].customer(ask.subject.id)
    if customer.get("deleted"):
        raise Refused("That customer was deleted at Stripe.")
    return Proposal(
        object_id=customer["id"],
        params={},
        question=f"Open the billing portal of {customer['id']}?",
    )


async def execute(desk: Desk, action: Action) -> Json:
    return await desk.writers[action.account].open_portal(action.object_id, key=action.id)


def told(desk: Desk, action: Action, session: Json) -> Result:
    links = page_link("Billing portal", session.get("url"))
    after = {"portal_session": id_of(session), "customer": action.object_id}
    too_late = desk.clock.now() - moment(session.get("created")) > _LIFE
    if too_late or not links:
        words = say("The way into the billing portal has ended before I could tell it. Ask again.")
        return Result(ActionState.FAILED, words, id_of(session), "ended", after)
    message = Message(
        title=SafeText("The customer's way into the billing portal."),
        text=SafeText(
            "Whoever opens it acts as this customer: send it to nobody else. It ends after some "
            "minutes; ask again then."
        ),
        links=links,
        secret=True,
        test_mode=not desk.config.accounts[action.account].livemode,
    )
    return Result(ActionState.SUCCEEDED, message, id_of(session), "open", after)
