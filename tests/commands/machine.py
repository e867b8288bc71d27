"""What every state machine of this folder is made of: an office, what goes wrong in it, what holds.

The real command core, store, worker and Stripe client, with the sandbox's Stripe and a clock that
is set. What must hold is checked against what Stripe has, at every call and after every step.
"""

import asyncio
import inspect
import re
import shutil
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from bridge.commands.budget import start_of_day
from bridge.model.action import UNDER_WAY, WAITING, ActionState
from bridge.model.clock import ManualClock
from bridge.model.ports import ChatMessage, RoomChange, RoomFate, StripeWriter, Told
from bridge.sandbox.stripe_server import Fault
from bridge.store import actions, freezes
from bridge.store.actions import Action
from bridge.store.engine import open_store
from bridge.store.tables import action as table
from bridge.watch.oversight import Oversight

from .house_rules import (
    APPROVALS,
    EVERYTHING,
    LIMITS,
    PEOPLE,
    REFUNDS,
    RIGHTS,
    ROLES,
    may_approve,
    others_needed,
)
from .moves import Move, moves
from .office import ACCOUNT, ROOM, Office, opened

FAULTS = ["cut", "error_after", "error", "refused", "rate_limited", "conflict", "lock_timeout"]
#: A call of several is the first of these, or a later one.
PATHS = ["/v1/*", "/v1/invoiceitems", "/v1/invoices/*/finalize", "/v1/invoices/*/send"]
CRASHES = ["before the call", "after the call"]
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


class Crash(BaseException):
    """As if the process had been killed there: nothing after it happens, no lease is given back."""


class Desks(RuleBasedStateMachine):
    template: Path
    #: The verbs of which something succeeded in any run.
    succeeded: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.directory = TemporaryDirectory()
        self.clock = ManualClock(START)
        self.paid: list[str] = []
        self.heard: list[ChatMessage] = []
        self.crash: str | None = None
        #: Before the crash, so many calls are answered.
        self.crash_after = 0
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
        rules = {"limits": LIMITS, "approvals": APPROVALS, "roles": RIGHTS}
        made = opened(store, url, self.clock, **rules)
        self.office: Office = await self.stack.enter_async_context(made)
        shop = {"thanks_url": "https://shop.example.com/thanks"}
        own = self.office.config.accounts[ACCOUNT].model_copy(update=shop)
        accounts = {ACCOUNT: own}
        self.office.rebuild(self.office.config.model_copy(update={"accounts": accounts}))
        fin = self.office.config.people["fin"].model_copy(update={"identities": ("slack:FIN",)})
        self._change_people({"fin": fin})
        self._watch_the_writer()
        self.paid.append(await self.office.payment(20_000))

    def teardown(self) -> None:
        try:
            if hasattr(self, "office"):
                self.run(self._everything_settles())
                self.nothing_wrong_was_asked_of_stripe()
                self.nothing_happened_twice_by_one_action()
                self.no_limit_is_passed()
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            self.directory.cleanup()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    # What happens by itself, or may be said at any time

    @rule(
        who=st.sampled_from(PEOPLE),
        which=st.integers(0, 3),
        text=st.sampled_from(["approve", "approve", "approve", "deny no", "no"]),
    )
    def judge(self, who: str, which: int, text: str) -> None:
        self.answer(who, which, text)

    @rule(who=st.sampled_from(PEOPLE), verb=st.sampled_from(["freeze", "unfreeze", "unfreeze"]))
    def stop_or_go(self, who: str, verb: str) -> None:
        self.say(who, f"!stripe {verb}")

    @rule(who=st.sampled_from(PEOPLE[:4]), roles=st.sets(st.sampled_from(ROLES), max_size=2))
    def give_roles(self, who: str, roles: set[str]) -> None:
        """As after a restart with another configuration, at any moment of an action's life."""
        person = self.office.config.people[who].model_copy(update={"roles": tuple(sorted(roles))})
        self._change_people({who: person})

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
        method=st.sampled_from(["POST", "POST", "[PD]*", "GET"]),
        which=st.integers(0, 3),
    )
    def stripe_fails(self, kind: str, times: int, method: str, which: int) -> None:
        path = PATHS[which]
        self.office.stripe.fail_next(Fault(kind, method=method, path=path, times=times))

    @rule()
    def a_day_passes(self) -> None:
        """Stripe forgets the keys whose life is over: the bridge may rely on the others."""
        self.clock.advance(timedelta(hours=24))
        self.office.stripe.api.idempotency.forget()

    @rule(where=st.sampled_from(CRASHES), calls=st.integers(0, 3))
    def will_crash(self, where: str, calls: int) -> None:
        self.crash, self.crash_after = where, calls

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
    def nothing_happened_twice_by_one_action(self) -> None:
        found, known = self._moves_and_actions()
        made = Counter((move.what, move.action) for move in found)
        assert [one for one, times in made.items() if times > 1] == []
        for move in found:
            assert move.action in known
            assert move.amount is None or move.amount <= (known[move.action].amount or 0)

    @invariant()
    def no_limit_is_passed(self) -> None:
        found, known = self._moves_and_actions()
        done = [known[one] for one in {move.action for move in found}]
        counted = [action for action in done if action.amount and action.outcome != "failed"]
        self._within([one for one in counted if one.verb == "refund"], *REFUNDS)
        self._within(counted, *EVERYTHING)

    def _moves_and_actions(self) -> tuple[list[Move], dict[str, Action]]:
        """What Stripe has, and who it should be of."""
        if not hasattr(self, "office"):
            return [], {}
        return moves(self.office.stripe), self.run(self._actions())

    async def _actions(self) -> dict[str, Action]:
        async with self.office.store.read() as tx:
            return {one.id: one for one in await actions.in_states(tx, list(ActionState))}

    def _within(self, done: list[Action], at_once: int, person: int, account: int) -> None:
        days: dict[Any, int] = defaultdict(int)
        for action in done:
            amount, day = action.amount or 0, start_of_day(action.committed_at or START, "UTC")
            assert amount <= at_once
            days[action.asked_by, day] += amount
            days[day] += amount
        assert all(
            spent <= (person if isinstance(key, tuple) else account) for key, spent in days.items()
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
            rows = (
                await tx.run(select(table.c.id, table.c.verb, table.c.state, table.c.outcome))
            ).all()
        self.succeeded.update(row.verb for row in rows if row.state == ActionState.SUCCEEDED)
        done = {move.action for move in moves(self.office.stripe)}
        for row in rows:
            if row.id in done:  # whatever Stripe has done is known to be done
                assert row.state == ActionState.SUCCEEDED or row.outcome == "failed"
        drafts = [
            one["id"]
            for one in self.office.stripe.world.store.oldest_first("invoice")
            if one["status"] == "draft" and one["metadata"]
        ]
        assert drafts == []
        assert await self.office.faults() == []

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
        """Every call that may change something, by whatever verb."""
        writer = self.office.writers[ACCOUNT]
        for name in writing():
            setattr(writer, name, partial(self._watched, getattr(writer, name)))

    async def _watched(self, real: Any, *given: Any, **named: Any) -> Any:
        action = called_by(named)
        if action:  # a draft that is taken back names none, and moves nothing
            money = named.get("money") or getattr(
                named.get("sale") or (given or [None])[0], "money", None
            )
            self.wrong += await self._wrong_with(action, money.amount if money else None)
        crash = self.crash if self.crash_after == 0 else None
        self.crash_after = max(0, self.crash_after - 1)
        if crash:
            self.crash = None
        if crash == "before the call":
            raise Crash
        answer = await real(*given, **named)
        if crash:
            raise Crash
        return answer

    async def _wrong_with(self, key: str, amount: int | None) -> list[str]:
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
            if one.person != action.asked_by and may_approve(roles[one.person], action)
        }
        checks = {
            "no intent is committed": action.state in {"executing", "unknown"},
            "another amount": amount is None or action.amount == amount,
            "it is frozen": freeze is None or not action.moves_money,
            "its command was removed": action.id not in self.gone,
            "the asker has no role": bool(roles[action.asked_by] & {"support", "finance"}),
            "too few approvals": len(others) >= others_needed(action),
        }
        return [what for what, holds in checks.items() if not holds]

    def make_ready(self, who: str) -> None:
        """Rights as at the beginning, and nothing frozen."""
        first = {"sam": "support", "sid": "support", "fin": "finance", "fay": "finance"}
        for name, role in first.items():
            self.give_roles(name, {role})
        self.say("olga", "!stripe unfreeze")
        self.asker_confirms(0)

    def asker_confirms(self, which: int) -> None:
        if (question := self.question(which)) and (asked := self.action(question)):
            self.answer(asked.asked_by, which, "yes")

    def others_approve(self, which: int) -> None:
        for who in ("fin", "fay"):
            self.answer(who, which, "approve")

    def go_wrong(self, trouble: str | None, calls: int = 0) -> None:
        """At the next call, or so many later."""
        if trouble in CRASHES:
            self.will_crash(trouble, calls)
        elif trouble:
            self.stripe_fails(trouble, 2, "[PD]*", calls)

    def happens_meanwhile(self, what: str | None, who: str) -> None:
        if what == "freeze":
            self.say("sid", "!stripe freeze")
        elif what == "roles":
            self.give_roles(who, {"engineer"})
        elif what == "keys":
            self.office.stripe.api.idempotency.forget()


def writing() -> set[str]:
    """The calls that only a writer has."""
    parts = inspect.getmembers(StripeWriter, inspect.iscoroutinefunction)
    return {name for name, _ in parts if not name.startswith("_")}


def called_by(named: dict[str, Any]) -> str | None:
    """The action's id: in the key of the call, or in its comment where Stripe takes no key."""
    found = re.search(r"[0-9a-f]{32}", f"{named.get('key')} {named.get('comment')}")
    return found[0] if found else None


def select_roles() -> Any:
    from bridge.store.tables import person_role

    return select(person_role)


def play(machine: type[Desks], template: Path, *, examples: int, steps: int) -> None:
    machine.template = template
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),  # without making a failure shorter, which takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
