"""Which room is a subject's: found, made, or made again when it was lost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.config.people import as_changed
from bridge.config.schema import Config
from bridge.model.clock import Clock
from bridge.model.message import Message
from bridge.model.outcome import Delivered, Outcome
from bridge.model.ports import Homeserver, RoomMade, RoomSpec
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Subject, SubjectKind
from bridge.model.text import safe
from bridge.notices.avatars import Avatars, first_avatar
from bridge.notices.card_post import Render
from bridge.notices.room_making import Making
from bridge.notices.room_plan import SPACE, members, room_spec, space_spec
from bridge.notices.room_repair import Repair
from bridge.notices.room_secrecy import Secrecy
from bridge.store import people, rooms
from bridge.store.engine import Store
from bridge.store.rooms import BoundRoom, Trouble


@dataclass(frozen=True)
class Bindings:
    config: Config
    store: Store
    clock: Clock
    homeserver: Homeserver
    render: Render
    making: Making
    avatars: Avatars
    secrecy: Secrecy

    @property
    def repair(self) -> Repair:
        return Repair(self.store, self.clock, self.homeserver, self.making)

    async def room(self, wanted: RoomMessage) -> BoundRoom | Outcome:
        """The room that the message is for."""
        subject = wanted.subject
        async with self.store.read() as tx:
            bound = await rooms.find(tx, subject.key)
        if bound and bound.trouble is not Trouble.GONE:
            return bound
        space = await self._space(subject.account)
        if not isinstance(space, BoundRoom):
            return space
        spec = room_spec(await self._now(), wanted, space.room_id)
        if bound is None:
            fresh = self._planned(subject.key, subject.kind, spec, subject)
            return await self._make(replace(fresh, customer=_whose(wanted)), spec)
        return await self._remake(bound, spec)

    async def remade(self, lost: BoundRoom) -> BoundRoom | Outcome:
        """A channel or a space that is needed whether or not there is something to say."""
        if lost.kind == SPACE:
            return await self._space(lost.account)
        subject = Subject(lost.account, SubjectKind(lost.kind), lost.subject_id)
        return await self.room(RoomMessage(subject, Message(title=safe(""))))

    async def channels(self) -> list[Outcome]:
        """The named channels of every account, and invitations to people who are new; what failed is returned."""
        failed: list[Outcome] = []
        for account in self.config.accounts:
            for name in self.config.matrix.channels:
                subject = Subject(account, SubjectKind.CHANNEL, name)
                bound = await self.room(RoomMessage(subject, Message(title=safe(""))))
                if isinstance(bound, BoundRoom):
                    await self._invite_missing(bound, subject)
                    await self._picture_missing(bound)
                else:
                    failed.append(bound)
            space = await self._space(account)
            if isinstance(space, BoundRoom):
                await self._picture_missing(space)
        return failed

    async def _space(self, account: str) -> BoundRoom | Outcome:
        subject = Subject(account, SubjectKind.CHANNEL, SPACE)
        key, spec = f"{account}/{SPACE}", space_spec(await self._now(), account)
        async with self.store.read() as tx:
            bound = await rooms.find(tx, key)
        if bound is None:
            return await self._make(self._planned(key, SPACE, spec, subject), spec)
        if bound.trouble is not Trouble.GONE:
            return bound
        made = await self.repair.remake(bound, await self._pictured(bound, spec))
        if isinstance(made, BoundRoom):
            await self.repair.fill_space(made, self.config.matrix.server_name)
        return made

    async def _remake(self, lost: BoundRoom, spec: RoomSpec) -> BoundRoom | Outcome:
        named = replace(spec, name=lost.name or spec.name, topic=lost.topic or spec.topic)
        made = await self.repair.remake(lost, await self._pictured(lost, named))
        if isinstance(made, BoundRoom):
            uid = f"moved-{made.room_id}"
            said = Message(
                title=safe("This room replaces an earlier one that I could no longer use.")
            )
            content = self.render(said, delivery=uid, thread=None, reply_to=None)
            await self.homeserver.send(made.room_id, uid, content)
        return made

    def _planned(self, key: str, kind: str, spec: RoomSpec, subject: Subject) -> BoundRoom:
        live = self.config.accounts[subject.account].livemode
        return BoundRoom(
            key,
            "",
            subject.account,
            kind,
            subject.id,
            spec.invite,
            spec.name,
            spec.topic,
            avatar=first_avatar(kind, subject.id, livemode=live),
        )

    async def _make(self, planned: BoundRoom, spec: RoomSpec) -> BoundRoom | Outcome:
        spec = await self._pictured(planned, spec)
        made = await self.making.make(spec)
        if not isinstance(made, RoomMade):
            return made
        bound = replace(
            planned,
            room_id=made.room_id,
            avatar=planned.avatar if spec.avatar else None,
            trouble=await self._trouble(made),
        )
        async with self.store.begin() as tx:
            await rooms.bind(tx, bound, self.clock.now())
        return bound

    async def _trouble(self, made: RoomMade) -> Trouble | None:
        """A room that is found again may have been encrypted while nobody looked."""
        if not made.found:
            self.secrecy.is_plain(made.room_id)
            return None
        return Trouble.ENCRYPTED if await self.secrecy.encrypted(made.room_id) is True else None

    async def _pictured(self, planned: BoundRoom, spec: RoomSpec) -> RoomSpec:
        return replace(spec, avatar=await self.avatars.content(planned.avatar))

    async def _picture_missing(self, bound: BoundRoom) -> None:
        """Rooms that were made before there were pictures."""
        if bound.avatar or bound.trouble:
            return
        live = self.config.accounts[bound.account].livemode
        avatar = first_avatar(bound.kind, bound.subject_id, livemode=live)
        content: Mapping[str, Any] | None = await self.avatars.content(avatar)
        if content is None:
            return
        told = await self.homeserver.set_state(bound.room_id, "m.room.avatar", content)
        if isinstance(told, Delivered):
            async with self.store.begin() as tx:
                await rooms.shape(tx, replace(bound, avatar=avatar))

    async def _now(self) -> Config:
        """With the people as commands have changed them."""
        async with self.store.read() as tx:
            return as_changed(self.config, await people.changes(tx))

    async def _invite_missing(self, bound: BoundRoom, subject: Subject) -> None:
        wanted = members(await self._now(), subject)
        missing = [who for who in wanted if who not in bound.invited]
        asked = [
            who
            for who in missing
            if isinstance(await self.homeserver.invite(bound.room_id, who), Delivered)
        ]
        if asked:
            async with self.store.begin() as tx:
                await rooms.set_invited(tx, bound.subject, [*bound.invited, *asked])


def _whose(wanted: RoomMessage) -> str | None:
    """A dispute's room is called after the customer, and follows their name."""
    return wanted.objects.customer if wanted.subject.kind is SubjectKind.DISPUTE else None
