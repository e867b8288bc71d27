"""What room a subject should have: its alias, name, topic and people. Pure."""

from bridge.config.kinds import EVERYONE
from bridge.config.schema import Config
from bridge.model.ports import RoomSpec
from bridge.model.room_message import RoomMessage
from bridge.model.signal import Subject, SubjectKind

SPACE = "space"


def members(config: Config, subject: Subject) -> tuple[str, ...]:
    """The Matrix ids of the people whom the configuration wants in the subject's room."""
    match subject.kind:
        case SubjectKind.CUSTOMER:
            roles = config.matrix.customer_rooms.roles
        case SubjectKind.DISPUTE:
            roles = config.matrix.dispute_rooms.roles
        case _ if subject.id in config.matrix.channels:
            roles = config.matrix.channels[subject.id].roles
        case _:
            roles = (EVERYONE,)
    return tuple(
        p.matrix
        for p in config.people.values()
        if p.matrix and (EVERYONE in roles or set(p.roles) & set(roles))
    )


def room_spec(config: Config, wanted: RoomMessage, space: str) -> RoomSpec:
    subject = wanted.subject
    name, topic = wanted.name or subject.id, wanted.topic
    if subject.kind is SubjectKind.CHANNEL:
        channel = config.matrix.channels[subject.id]
        name, topic = channel.title or f"#{subject.id}", channel.topic or ""
    return RoomSpec(alias(config, subject), name, topic, members(config, subject), {}, space)


def room_topic(config: Config, subject: Subject) -> str:
    """What it is about, with the page in Stripe's dashboard: clients make a link of it."""
    account = config.accounts[subject.account]
    mode = "" if account.livemode else "test/"
    page = f"{account.dashboard.rstrip('/')}/{mode}{subject.kind}s/{subject.id}"
    return f"A {subject.kind} of {subject.account} in Stripe: {page}"


def everyone(config: Config) -> tuple[str, ...]:
    return tuple(person.matrix for person in config.people.values() if person.matrix)


def space_spec(config: Config, account: str) -> RoomSpec:
    localpart = f"{config.matrix.alias_prefix}{account}"
    return RoomSpec(localpart, f"Stripe · {account}", "", everyone(config), {}, is_space=True)


def alias(config: Config, subject: Subject) -> str:
    """The alias's localpart: what finds the room again if the bridge forgot it while making it."""
    kind = "" if subject.kind is SubjectKind.CHANNEL else f"{subject.kind}_"
    return f"{config.matrix.alias_prefix}{subject.account}_{kind}{subject.id}"
