"""Where people can look further: Stripe's dashboard, and the bridge's own messages."""

from collections.abc import Mapping

from bridge.commands.desk import Desk
from bridge.model.message import Link
from bridge.model.signal import Objects, Subject, SubjectKind
from bridge.model.text import safe
from bridge.store import about, history, rooms
from bridge.store.engine import Tx

#: The pages of the dashboard, most telling first. It shows a charge under its payment.
_PAGES: Mapping[str, str] = {
    "dispute": "disputes",
    "payment_intent": "payments",
    "charge": "payments",
    "invoice": "invoices",
    "subscription": "subscriptions",
    "payout": "payouts",
    "customer": "customers",
}


def in_stripe(desk: Desk, account: str, objects: Objects, label: str) -> Link | None:
    settings = desk.config.accounts[account]
    mode = "" if settings.livemode else "test/"
    for kind, page in _PAGES.items():
        if object_id := getattr(objects, kind):
            where = f"{settings.dashboard.rstrip('/')}/{mode}{page}/{object_id}"
            return Link(safe(label), where)
    return None


async def in_chat(tx: Tx, desk: Desk, account: str, objects: Objects, label: str) -> Link | None:
    """The card of the object, else the pinned card of its dispute or customer."""
    keys = [one for kind, one in vars(objects).items() if one and kind != "customer"]
    for place in await history.standing(tx, account, keys):
        return Link(safe(label), desk.permalink(place.room_id, place.root))
    for kind, one in (
        (SubjectKind.DISPUTE, objects.dispute),
        (SubjectKind.CUSTOMER, objects.customer),
    ):
        bound = await rooms.find(tx, Subject(account, kind, one).key) if one else None
        if bound and not bound.trouble:
            card = await about.get(tx, bound.subject)
            root = card.root if card.room_id == bound.room_id else None
            return Link(safe(label), desk.permalink(bound.room_id, root))
    return None
