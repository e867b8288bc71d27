"""Whether an action stays within the limits of its day; ask it in the commit that counts it."""

from datetime import datetime, time
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from bridge.commands.desk import Desk
from bridge.commands.rules import Terms, limits, minor, unnamed_currency
from bridge.config.schema import Limit
from bridge.model.errors import Denied
from bridge.model.money import Money
from bridge.store.engine import Tx
from bridge.store.limits import spent


async def check(tx: Tx, desk: Desk, terms: Terms, person: str) -> None:
    """Raises `Denied` if none of the roles leaves room for it. Hold `locks.MONEY` if it is to last."""
    if terms.money is None or not terms.moves_money:
        return
    troubles = [
        await _trouble(tx, desk, chosen, terms, terms.money, person)
        for chosen in limits(desk.config, terms)
    ]
    if troubles and all(troubles):
        raise Denied(next(trouble for trouble in troubles if trouble))


async def _trouble(
    tx: Tx, desk: Desk, chosen: list[Limit], terms: Terms, money: Money, person: str
) -> str | None:
    if unnamed_currency(chosen, money):
        return f"There are limits, and none for {money.currency.upper()}: nothing was done."
    for limit in chosen:
        if limit.currency == money.currency and (
            trouble := await _over(tx, desk, limit, terms, money, person)
        ):
            return trouble
    return None


async def _over(
    tx: Tx, desk: Desk, limit: Limit, terms: Terms, money: Money, person: str
) -> str | None:
    since = start_of_day(desk.clock.now(), desk.config.timezone)
    today = partial(spent, tx, since=since, currency=money.currency, verbs=limit.verbs)
    if trouble := _sentence(desk, limit.per_action, money, 0, "at once"):
        return trouble
    if limit.per_person_day is not None:
        used = await today(accounts=limit.accounts, person=person)
        if trouble := _sentence(desk, limit.per_person_day, money, used, "a day by one person"):
            return trouble
    if limit.per_account_day is not None:
        used = await today(accounts=(terms.account,))
        return _sentence(desk, limit.per_account_day, money, used, "a day in this account")
    return None


def _sentence(desk: Desk, limit: Decimal | None, money: Money, used: int, what: str) -> str | None:
    """Why there is no room for it; None if there is."""
    if limit is None or used + money.amount <= minor(limit, money.currency):
        return None
    most = Money(minor(limit, money.currency), money.currency).words(desk.config.locale)
    so_far = Money(used, money.currency).words(desk.config.locale)
    spent_words = f", and {so_far} of it are used" if used else ""
    return f"The limit is {most} {what}{spent_words}: nothing was done."


def start_of_day(now: datetime, timezone: str) -> datetime:
    """The last midnight there."""
    zone = ZoneInfo(timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)
