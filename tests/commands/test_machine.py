"""Random people, words, roles, failures of Stripe, crashes and repetitions: what holds all the same."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from bridge.commands.table import TABLE
from bridge.sandbox.stripe_server import RefundOutcome
from bridge.store.migrate import upgrade_async

from .house_rules import OTHERS, PEOPLE
from .machine import CRASHES, FAULTS, Desks, play
from .wishes import WISHES, Prepare


class Refunds(Desks):
    """Many of them, on the same payments, up to all limits."""

    @rule(amount=st.sampled_from([20_000, 9_900]))
    def pay(self, amount: int) -> None:
        self.paid.append(self.run(self.office.payment(amount)))

    @rule(
        who=st.sampled_from(PEOPLE[:4]),
        which=st.integers(0, 9),
        amount=st.sampled_from(["10", "49.99", "50", "80", "95", "96", "all"]),
    )
    def ask(self, who: str, which: int, amount: str) -> None:
        self.say(who, f"refund {amount}", reply_to=self.paid[which % len(self.paid)])

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 3), how=st.sampled_from(["yes", "✅"]))
    def confirm(self, who: str, which: int, how: str) -> None:
        self.answer(who, which, how)

    @rule(which=st.integers(0, 1))
    def the_asker_confirms(self, which: int) -> None:
        self.asker_confirms(which)

    @rule(which=st.integers(0, 1))
    def finance_approves(self, which: int) -> None:
        self.others_approve(which)

    @rule(
        who=st.sampled_from(PEOPLE[:4]),
        which=st.integers(0, 9),
        amount=st.sampled_from(["10", "25", "49.99", "50", "79.99", "80", "95"]),
        trouble=st.sampled_from([None, *CRASHES, *FAULTS]),
        meanwhile=st.sampled_from([None, None, None, "freeze", "roles", "taken back"]),
    )
    def a_whole_refund(
        self, who: str, which: int, amount: str, trouble: str | None, meanwhile: str | None
    ) -> None:
        """Everything said as it should be, with something that goes wrong at its most critical."""
        self.make_ready(who)
        self.ask(who, which, amount)
        self.go_wrong(trouble)
        if meanwhile == "taken back":
            self.take_back(0, who)
        self.asker_confirms(0)
        self.others_approve(0)
        self.happens_meanwhile(meanwhile, who)
        self.time_passes(61)

    @rule(
        who=st.sampled_from(PEOPLE[:4]),
        amount=st.sampled_from(["45", "49.99", "60"]),
        times=st.integers(2, 5),
    )
    def many_at_once(self, who: str, amount: str, times: int) -> None:
        """All asked for while there is still room for each of them, and confirmed only then."""
        self.make_ready(who)
        for number in range(times):
            self.ask(who, number, amount)
        questions = [self.question(which) for which in range(times)]
        for question in filter(None, questions):
            self.say(who, "yes", reply_to=question.event_id)
            self.say("fin" if who != "fin" else "fay", "approve", reply_to=question.event_id)

    @rule(who=st.sampled_from(["sam", "fin"]), role=st.sampled_from(["support", "finance"]))
    def ask_for_a_role(self, who: str, role: str) -> None:
        self.say("olga", f"!stripe role add {who} {role}")

    @rule(status=st.sampled_from(["pending", "failed"]))
    def refund_ends_otherwise(self, status: str) -> None:
        self.office.stripe.refund_next(RefundOutcome(status))


class EveryVerb(Desks):
    """Whatever moves money or ends something for good, each in its own way."""

    @rule(
        who=st.sampled_from(PEOPLE[:4]),
        wish=st.sampled_from(WISHES),
        trouble=st.sampled_from([None, *CRASHES, *CRASHES, *FAULTS]),
        calls=st.integers(0, 3),
        meanwhile=st.sampled_from([None, None, None, "freeze", "roles", "keys", "taken back"]),
    )
    def a_whole_action(
        self,
        who: str,
        wish: tuple[str, Prepare],
        trouble: str | None,
        calls: int,
        meanwhile: str | None,
    ) -> None:
        """Any verb, cut off at any of its calls, and everything that may happen until it is gone on with."""
        self.make_ready(who)
        text, prepare = wish
        self.say(who, text, reply_to=self.run(prepare(self.office)))
        self.go_wrong(trouble, calls)
        if meanwhile == "taken back":
            self.take_back(0, who)
        self.asker_confirms(0)
        self.others_approve(0)
        self.happens_meanwhile(meanwhile, who)
        self.time_passes(61)

    @rule(who=st.sampled_from(PEOPLE[:4]), wish=st.sampled_from(WISHES))
    def a_wish(self, who: str, wish: tuple[str, Prepare]) -> None:
        """Asked for and confirmed by the asker; whether others approve it is up to them."""
        text, prepare = wish
        self.say(who, text, reply_to=self.run(prepare(self.office)))
        self.asker_confirms(0)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A migrated store to copy: migrating anew would cost more than a whole run."""
    file = tmp_path_factory.mktemp("template") / "bridge.db"
    asyncio.run(upgrade_async(f"sqlite+aiosqlite:///{file}"))
    yield file


def test_whatever_happens_no_money_is_lost_or_moved_twice(template: Path) -> None:
    play(Refunds, template, examples=20, steps=30)


def test_every_verb_is_done_once_and_within_the_rules(template: Path) -> None:
    play(EveryVerb, template, examples=30, steps=18)
    assert len(EveryVerb.succeeded) >= len(OTHERS) // 2


def test_every_verb_that_moves_money_is_among_the_wishes() -> None:
    wished = {text.partition(" ")[0] for text, _ in WISHES}
    assert {verb.name for verb in TABLE if verb.moves_money} <= wished
    assert wished == {"refund", *OTHERS}


@pytest.mark.parametrize(
    ("where", "meanwhile"), [(CRASHES[0], None), (CRASHES[1], None), (CRASHES[1], "keys")]
)
def test_each_wish_comes_true_although_its_calls_are_cut_off(
    template: Path, where: str, meanwhile: str | None
) -> None:
    """The machine's own steps, for every wish and every one of its calls; Stripe may forget its keys."""

    class Cut(EveryVerb):
        succeeded: ClassVar[set[str]] = set()

    Cut.template = template
    desks = Cut()
    desks.open()
    try:
        for text, prepare in WISHES:
            for calls in range(4 if text.startswith("invoice 60") else 1):
                desks.a_whole_action("sam", (text, prepare), where, calls, meanwhile)
                desks.a_day_passes()
        desks.crash = None
    finally:
        desks.teardown()
    assert Cut.succeeded >= {"refund", *OTHERS}
