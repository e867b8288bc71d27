"""`escalate [text]`: to the escalation channel with a link back, and out through Apprise."""

from bridge.commands.desk import Ask, Desk, Reply, say
from bridge.commands.permission import Directory, directory
from bridge.model.message import Link, Message
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Fact, SignalClass, Subject, SubjectKind
from bridge.model.text import safe
from bridge.store.outbox import Delivery, to_room


async def perform(desk: Desk, ask: Ask) -> Reply:
    async with desk.store.read() as tx:
        people = await directory(tx, desk.config)
    places = desk.config.commands.escalate_to
    also = [delivery for place in places for delivery in _to(desk, ask, place, people)]
    where = " and ".join(sorted({_word(delivery) for delivery in also}, reverse=True))
    return Reply(
        say(f"Escalated to {where or 'nobody: no target is configured'}."), also=tuple(also)
    )


def _to(desk: Desk, ask: Ask, place: str, people: Directory) -> list[Delivery]:
    key = f"escalate:{ask.said.event_id}:{place}"
    if place.startswith("#"):
        subject = Subject(ask.subject.account, SubjectKind.CHANNEL, place[1:])
        message = _message(desk, ask, _people_of(desk, place[1:], ask, people))
        return [to_room(RoomMessage(subject, message, ask.objects), SignalClass.PAGE.urgency, key)]
    names = [place[1:]] if place.startswith("@") else _tagged(desk, place.removeprefix("tag:"))
    message = _message(desk, ask, ())
    return [
        Delivery(
            f"apprise:{name}",
            "apprise",
            {"target": name, "message": message.to_json()},
            SignalClass.PAGE.urgency,
            f"{key}:{name}",
        )
        for name in names
    ]


def _message(desk: Desk, ask: Ask, mentions: tuple[str, ...]) -> Message:
    words = safe(ask.command.rest, cap=1500, lines=True)
    back = Link(safe("Back to where it was said"), desk.permalink(ask.said.room_id, ask.thread))
    return Message(
        title=safe(f"{ask.actor.name} asks for help with {_about(ask)}"),
        tone=SignalClass.PAGE,
        facts=(Fact("Account", safe(ask.subject.account)),),
        text=words or None,
        links=(back,),
        mentions=mentions,
    )


def _about(ask: Ask) -> str:
    named = {
        "dispute": "a dispute",
        "payment_intent": "a payment",
        "charge": "a payment",
        "invoice": "an invoice",
        "payout": "a payout",
        "customer": "a customer",
    }
    return next((words for kind, words in named.items() if getattr(ask.objects, kind)), "something")


def _people_of(desk: Desk, channel: str, ask: Ask, people: Directory) -> tuple[str, ...]:
    wanted = set(desk.config.matrix.channels[channel].roles)
    names = (name for name in people.names if name != ask.actor.name)
    meant = [name for name in names if wanted & {"*", *people.roles(name)}]
    return tuple(one for name in meant if (one := people.matrix_of(name)))


def _tagged(desk: Desk, tag: str) -> list[str]:
    return [name for name, target in desk.config.targets.items() if tag in target.tags]


def _word(delivery: Delivery) -> str:
    if delivery.lane_kind == "room":
        return f"the {delivery.payload['subject']['id']} channel"
    return str(delivery.payload["target"])
