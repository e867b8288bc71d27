"""`withdraw`: what `pay` has made is closed, so that nobody can pay it any more.

A closed link still leaves those at the till who had opened it: their sessions are ended, too. Who
was faster and has paid is told so, as it is.
"""

from bridge.commands.desk import Ask, Desk, Proposal, Result, say
from bridge.commands.pay import CHECKOUT, LINK
from bridge.model.action import ActionState
from bridge.model.errors import Refused, StripeRefused
from bridge.model.event import Json, Written, id_of
from bridge.model.money import Money
from bridge.model.ports import StripeReader
from bridge.model.signal import Objects
from bridge.store import actions
from bridge.store.actions import Action

#: The metadata key by which a link says which action has closed it.
CLOSED_BY = "chat_withdrawn"
_WHICH = "I can't tell what to withdraw. Reply to the message with the link."


async def propose(desk: Desk, ask: Ask) -> Proposal:
    kind, page_id = await _page_of(desk, ask)
    page, sold = await _read(desk.readers[ask.subject.account], kind, page_id)
    if problem := why_not(page, sold):
        raise Refused(problem)
    amount = _amount(desk, await _asked(desk, ask.subject.account, page_id))
    return Proposal(
        object_id=page_id,
        params={"kind": kind},
        question=f"Withdraw the {_word(kind)}{amount}?",
        remarks=("Nobody can pay with it then.",),
        before={"state": "open"},
    )


async def execute(desk: Desk, action: Action) -> Json:
    kind, page_id = action.params["kind"], action.object_id
    page, sold = await _read(desk.readers[action.account], kind, page_id)
    ours = _closed_by(page) == action.id
    if not ours and (problem := why_not(page, sold)):
        raise Refused(f"Nothing was withdrawn. {problem}")
    writer = desk.writers[action.account]
    if kind == CHECKOUT:
        try:
            return await writer.expire_checkout(page_id, key=action.id)
        except StripeRefused as refused:
            return await _as_it_is(desk, action, refused)
    if not ours:
        page = await writer.close_link(page_id, metadata={CLOSED_BY: action.id}, key=action.id)
    await _end_visits(desk, action)
    return _with(page, await _bought(desk.readers[action.account], page_id))


async def find(desk: Desk, action: Action) -> Json | None:
    """Whatever closed a checkout, it is closed; a link names the action, and must have no visitors left."""
    if action.params["kind"] == CHECKOUT:
        session = await desk.readers[action.account].checkout_session(action.object_id)
        return session if session.get("status") == "expired" else None
    reader = desk.readers[action.account]
    link, visits = await _read(reader, LINK, action.object_id)
    if _closed_by(link) != action.id or any(_is(one, "open") for one in visits):
        return None
    return _with(link, await _bought(reader, action.object_id))


def told(desk: Desk, action: Action, made: Json) -> Result:
    del desk
    word, bought = _word(action.params["kind"]), made.get("bought")
    if made.get("object") == CHECKOUT and _is(made, "complete"):
        bought = made
    if isinstance(bought, dict):
        words = say(f"Too late: {paid_words(bought)}", f"The {word} is closed now in any case.")
        after = {"state": "complete", "checkout_session": id_of(bought)}
        return Result(ActionState.FAILED, words, action.object_id, "complete", after)
    words = say(f"The {word} is withdrawn: nobody can pay with it any more.")
    return Result(
        ActionState.SUCCEEDED, words, action.object_id, "withdrawn", {"state": "withdrawn"}
    )


def why_not(page: Json, visits: list[Json]) -> str | None:
    """The sentence that says why it cannot be withdrawn; None if it can."""
    if bought := next((one for one in visits if _is(one, "complete")), None):
        return paid_words(bought)
    if page.get("object") == CHECKOUT:
        return None if _is(page, "open") else "That checkout has ended, unpaid."
    if page.get("active"):
        return None
    return "It was withdrawn already." if _closed_by(page) else "That link is closed already."


def paid_words(session: Json) -> str:
    if session.get("payment_status") == "unpaid":
        return "The customer has been through it, and the money is on its way; it is not paid yet."
    return "It has been paid."


async def _page_of(desk: Desk, ask: Ask) -> tuple[str, str]:
    """By the message that was replied to; else the only one that was made in this thread."""
    if link := ask.objects.payment_link:
        return LINK, link
    if session := ask.objects.checkout_session:
        return CHECKOUT, session
    async with desk.store.read() as tx:
        made = await actions.done_in_thread(tx, ask.said.room_id, ask.thread, "pay")
    if len(made) != 1:
        raise Refused(_WHICH)
    return made[0].params["kind"], made[0].stripe_id or ""


async def _asked(desk: Desk, account: str, page_id: str) -> Action | None:
    async with desk.store.read() as tx:
        return await actions.that_made(tx, account, page_id, "pay")


async def _read(reader: StripeReader, kind: str, page_id: str) -> tuple[Json, list[Json]]:
    """The link or checkout, and what was made of it: its visits, or itself."""
    if kind == CHECKOUT:
        session = await reader.checkout_session(page_id)
        return session, [session]
    return await reader.payment_link(page_id), await reader.sessions_of_link(page_id)


async def _end_visits(desk: Desk, action: Action) -> None:
    for visit in await desk.readers[action.account].sessions_of_link(action.object_id):
        if _is(visit, "open"):
            try:
                key = f"{action.id}:{visit['id']}"
                await desk.writers[action.account].expire_checkout(visit["id"], key=key)
            except StripeRefused as refused:
                # It was completed or has ended meanwhile, and is looked at again; or not even that.
                if _is(await desk.readers[action.account].checkout_session(visit["id"]), "open"):
                    raise Refused(
                        "The link is closed, but somebody has opened it before and can still pay. "
                        f"{refused}"
                    ) from refused


async def _bought(reader: StripeReader, link: str) -> Json | None:
    return next((one for one in await reader.sessions_of_link(link) if _is(one, "complete")), None)


async def _as_it_is(desk: Desk, action: Action, refused: StripeRefused) -> Json:
    """A checkout that could not be ended: because it is complete, or has ended by itself."""
    session = await desk.readers[action.account].checkout_session(action.object_id)
    if _is(session, "open"):
        raise refused
    return session


def _with(link: Json, bought: Json | None) -> Json:
    whole = Written({**link, "bought": bought})
    whole.request_id = link.request_id if isinstance(link, Written) else None
    return whole


def _amount(desk: Desk, asked: Action | None) -> str:
    money: Money | None = asked.money if asked else None
    return f" over {money.words(desk.config.locale)}" if money else ""


def _word(kind: str) -> str:
    return "payment link" if kind == LINK else "checkout"


def _closed_by(page: Json) -> object:
    return (page.get("metadata") or {}).get(CLOSED_BY)


def _is(session: Json, status: str) -> bool:
    return session.get("status") == status


def is_about(objects: Objects) -> bool:
    return bool(objects.payment_link or objects.checkout_session)
