"""Random people, words, roles, failures of Stripe, crashes and repetitions: what holds all the same.

The real command core, store, worker and Stripe client, with the sandbox's Stripe and a clock that
is set. What must hold is checked against what Stripe has, at every call and after every step.
"""

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from bridge.commands.budget import start_of_day
from bridge.model.action import UNDER_WAY, WAITING, ActionState
from bridge.model.clock import ManualClock
from bridge.model.event import Json
from bridge.model.ports import ChatMessage, RoomChange, RoomFate, Told
from bridge.sandbox.stripe_server import Fault, RefundOutcome
from bridge.store import actions, freezes
from bridge.store.actions import Action
from bridge.store.engine import open_store
from bridge.store.migrate import upgrade_async
from bridge.store.tables import action as table
from bridge.watch.oversight import Oversight

from .office import ACCOUNT, ROOM, Office, opened

#: Fin has another identity; whoever speaks with it is Fin.
PEOPLE = ["sam", "sid", "fin", "fay", "eva", "olga", "slack:FIN", "slack:NOBODY"]
ROLES = ["support", "finance", "engineer", "operations"]
PER_ACTION, PER_PERSON, PER_ACCOUNT = 9_500, 15_000, 22_000
LIMITS = [
    {
        "verbs": ["refund"],
        "currency": "eur",
        "per_action": PER_ACTION // 100,
        "per_person_day": PER_PERSON // 100,
        "per_account_day": PER_ACCOUNT // 100,
    }
]
FAULTS = ["cut", "error_after", "error", "refused", "rate_limited", "conflict", "lock_timeout"]
CRASHES = ["before the call", "after the call"]
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class Crash(BaseException):
    """As if the process had been killed there: nothing after it happens, no lease is given back."""


def others_needed(amount: int) -> int:
    """What the office's rules say, written down once more."""
    return 0 if amount < 5_000 else 1 if amount < 8_000 else 2


class Desks(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.directory = TemporaryDirectory()
        self.clock = ManualClock(START)
        self.paid: list[str] = []
        self.heard: list[ChatMessage] = []
        self.crash: str | None = None
        self.wrong: list[str] = []
        #: Actions whose command was removed while they waited for people.
        self.gone: set[str] = set()

    # Setting up and ending

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        file = Path(self.directory.name) / "bridge.db"
        shutil.copyfile(self.template, file)
        url = f"sqlite+aiosqlite:///{file}"
        store = open_store(url)
        self.stack.push_async_callback(store.close)
        made = opened(store, url, self.clock, limits=LIMITS)
        self.office: Office = await self.stack.enter_async_context(made)
        fin = self.office.config.people["fin"].model_copy(update={"identities": ("slack:FIN",)})
        self._change_people({"fin": fin})
        self._watch_the_writer()
        self.paid.append(await self.office.payment(20_000))

    def teardown(self) -> None:
        try:
            if hasattr(self, "office"):
                self.run(self._everything_settles())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            self.directory.cleanup()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    # What people do

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
        if (question := self.question(which)) and (asked := self.action(question)):
            self.answer(asked.asked_by, which, "yes")

    @rule(
        who=st.sampled_from(PEOPLE),
        which=st.integers(0, 3),
        text=st.sampled_from(["approve", "approve", "approve", "deny no", "no"]),
    )
    def judge(self, who: str, which: int, text: str) -> None:
        self.answer(who, which, text)

    @rule(which=st.integers(0, 1))
    def finance_approves(self, which: int) -> None:
        for who in ("fin", "fay"):
            self.answer(who, which, "approve")

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
        self._make_ready(who)
        self.ask(who, which, amount)
        if trouble in CRASHES:
            self.crash = trouble
        elif trouble:
            self.stripe_fails(trouble, 2, "POST")
        if meanwhile == "taken back":
            self.take_back(0, who)
        self.the_asker_confirms(0)
        self.finance_approves(0)
        if meanwhile == "freeze":
            self.say("sid", "!stripe freeze")
        elif meanwhile == "roles":
            self.give_roles(who, {"engineer"})
        self.time_passes(61)

    @rule(
        who=st.sampled_from(PEOPLE[:4]),
        amount=st.sampled_from(["45", "49.99", "60"]),
        times=st.integers(2, 5),
    )
    def many_at_once(self, who: str, amount: str, times: int) -> None:
        """All asked for while there is still room for each of them, and confirmed only then."""
        self._make_ready(who)
        for number in range(times):
            self.ask(who, number, amount)
        questions = [self.question(which) for which in range(times)]
        for question in filter(None, questions):
            self.say(who, "yes", reply_to=question.event_id)
            self.say("fin" if who != "fin" else "fay", "approve", reply_to=question.event_id)

    def _make_ready(self, who: str) -> None:
        """Rights as at the beginning, and nothing frozen."""
        first = {"sam": "support", "sid": "support", "fin": "finance", "fay": "finance"}
        for name, role in first.items():
            self.give_roles(name, {role})
        self.say("olga", "!stripe unfreeze")
        self.the_asker_confirms(0)

    @rule(who=st.sampled_from(PEOPLE), verb=st.sampled_from(["freeze", "unfreeze", "unfreeze"]))
    def stop_or_go(self, who: str, verb: str) -> None:
        self.say(who, f"!stripe {verb}")

    @rule(who=st.sampled_from(PEOPLE[:4]), roles=st.sets(st.sampled_from(ROLES), max_size=2))
    def give_roles(self, who: str, roles: set[str]) -> None:
        """As after a restart with another configuration, at any moment of an action's life."""
        person = self.office.config.people[who].model_copy(update={"roles": tuple(sorted(roles))})
        self._change_people({who: person})

    @rule(who=st.sampled_from(["sam", "fin"]), role=st.sampled_from(["support", "finance"]))
    def ask_for_a_role(self, who: str, role: str) -> None:
        self.say("olga", f"!stripe role add {who} {role}")

    @rule(which=st.integers(0, 9))
    def hear_again(self, which: int) -> None:
        """The homeserver brings an old message once more."""
        if self.heard:
            self.run(self.office.hear(self.heard[which % len(self.heard)], again=True))

    @rule(which=st.integers(0, 4), who=st.sampled_from(PEOPLE[:4]))
    def take_back(self, which: int, who: str) -> None:
        """A command, a yes or an approval is removed by somebody who may."""
        if not self.heard:
            return
        said = self.heard[-1 - which % len(self.heard)].event_id
        asked = self.run(self._asked_by(said))
        if asked and asked.state in WAITING:
            self.gone.add(asked.id)
        name = f"$gone{len(self.heard)}{said}{which}{who}"
        change = RoomChange(name, ROOM, f"@{who}:test", RoomFate.REDACTED, said)
        self.run(self.office.commands.accept(Told(changes=(change,))))
        self.run(self.office.worker.settle_all())

    # What goes wrong

    @rule(
        kind=st.sampled_from(FAULTS),
        times=st.integers(1, 4),
        method=st.sampled_from(["POST", "POST", "GET"]),
    )
    def stripe_fails(self, kind: str, times: int, method: str) -> None:
        self.office.stripe.fail_next(Fault(kind, method=method, path="/v1/refunds", times=times))

    @rule(status=st.sampled_from(["pending", "failed"]))
    def refund_ends_otherwise(self, status: str) -> None:
        self.office.stripe.refund_next(RefundOutcome(status))

    @rule()
    def a_day_passes(self) -> None:
        """Stripe forgets the keys whose life is over: the bridge may rely on the others."""
        self.clock.advance(timedelta(hours=24))
        self.office.stripe.api.idempotency.forget()

    @rule(where=st.sampled_from(CRASHES))
    def will_crash(self, where: str) -> None:
        self.crash = where

    @rule(by=st.sampled_from([1, 61, 90, 600, 3_600, 14_400]))
    def time_passes(self, by: int) -> None:
        self.run(self.office.later(timedelta(seconds=by)))

    @rule()
    def oversight(self) -> None:
        office = self.office
        self.run(Oversight(office.config, office.store, self.clock).look())

    # What holds

    @invariant()
    def nothing_wrong_was_asked_of_stripe(self) -> None:
        assert self.wrong == []

    @invariant()
    def money_moved_at_most_once_per_action(self) -> None:
        if not hasattr(self, "office"):
            return
        made = [name for _, name in self.office.refunds()]
        assert all(made)
        assert [name for name, times in Counter(made).items() if times > 1] == []

    @invariant()
    def no_limit_is_passed(self) -> None:
        if not hasattr(self, "office"):
            return
        people: dict[Any, int] = defaultdict(int)
        for amount, name in self.office.refunds():
            action = self.run(self._get(name))
            assert action.amount == amount <= PER_ACTION
            if action.outcome == "failed":  # the money has come back
                continue
            day = start_of_day(action.committed_at, "UTC")
            people[action.asked_by, day] += amount
            people[day] += amount
        assert all(
            spent <= (PER_PERSON if isinstance(key, tuple) else PER_ACCOUNT)
            for key, spent in people.items()
        )

    async def _everything_settles(self) -> None:
        """Once Stripe works again, everything is known, told, and in a trail without a fault."""
        self.crash = None
        self.office.stripe.api.faults.clear()
        for hours in (0.1, 0.1, 1, 25, 1):
            await self.office.later(timedelta(hours=hours))
            await Oversight(self.office.config, self.office.store, self.clock).look()
        await self.office.later(timedelta(minutes=1))
        async with self.office.store.read() as tx:
            assert await actions.in_states(tx, UNDER_WAY) == []
            rows = (await tx.run(select(table.c.id, table.c.state, table.c.outcome))).all()
        done = {name for _, name in self.office.refunds()}
        for row in rows:
            if row.id in done:  # whatever Stripe has done is known to be done
                assert row.state == ActionState.SUCCEEDED or row.outcome == "failed"
        assert await self.office.faults() == []
        self.nothing_wrong_was_asked_of_stripe()
        self.money_moved_at_most_once_per_action()

    # How it is done

    def say(self, who: str, text: str, **how: Any) -> None:
        said = self.office.message(who, text, **how)
        self.heard.append(said)
        self.run(self.office.hear(said))

    def question(self, which: int) -> Any:
        asked = [one for one in self.office.told if one.wanted.action_id]
        return asked[-1 - which] if which < len(asked) else None

    def action(self, question: Any) -> Action | None:
        found: Action | None = self.run(self._get(question.wanted.action_id))
        return found

    def answer(self, who: str, which: int, text: str) -> None:
        if (question := self.question(which)) is None:
            return
        if text == "✅":
            self.say(who, "", reply_to=question.event_id, reaction=text)
        else:
            self.say(who, text, reply_to=question.event_id)

    def _change_people(self, changed: dict[str, Any]) -> None:
        people = {**self.office.config.people, **changed}
        self.office.rebuild(self.office.config.model_copy(update={"people": people}))

    async def _get(self, name: str) -> Action | None:
        async with self.office.store.read() as tx:
            return await actions.get(tx, name)

    async def _asked_by(self, event_id: str) -> Action | None:
        async with self.office.store.read() as tx:
            return await actions.asked_by(tx, event_id)

    def _watch_the_writer(self) -> None:
        writer = self.office.writers[ACCOUNT]
        real = writer.refund

        async def watched(**given: Any) -> Json:
            self.wrong += await self._wrong_with(given["key"], given["money"].amount)
            crash, self.crash = self.crash, None
            if crash == "before the call":
                raise Crash
            answer = await real(**given)
            if crash:
                raise Crash
            return answer

        writer.refund = watched  # type: ignore[method-assign]

    async def _wrong_with(self, key: str, amount: int) -> list[str]:
        """Whether Stripe may be asked for this now, by the roles and approvals of this moment."""
        async with self.office.store.read() as tx:
            action = await actions.get(tx, key)
            approvals = await actions.approvals(tx, key)
            freeze = await freezes.of(tx, ACCOUNT)
            given = (await tx.run(select_roles())).all()
        if action is None:
            return ["nobody asked for it"]
        roles = {name: set(person.roles) for name, person in self.office.config.people.items()}
        for row in given:
            (roles[row.person].add if row.given else roles[row.person].discard)(row.role)
        others = {
            one.person
            for one in approvals
            if one.person != action.asked_by and "finance" in roles[one.person]
        }
        checks = {
            "no intent is committed": action.state in {"executing", "unknown"},
            "another amount": action.amount == amount,
            "it is frozen": freeze is None,
            "its command was removed": action.id not in self.gone,
            "the asker has no role": bool(roles[action.asked_by] & {"support", "finance"}),
            "too few approvals": len(others) >= others_needed(amount),
        }
        return [what for what, holds in checks.items() if not holds]


def select_roles() -> Any:
    from bridge.store.tables import person_role

    return select(person_role)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A migrated store to copy: migrating anew would cost more than a whole run."""
    file = tmp_path_factory.mktemp("template") / "bridge.db"
    asyncio.run(upgrade_async(f"sqlite+aiosqlite:///{file}"))
    yield file


def test_whatever_happens_no_money_is_lost_or_moved_twice(template: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    class Machine(Desks):
        pass

    Machine.template = template
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
