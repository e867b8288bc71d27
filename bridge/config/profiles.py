"""What the configuration says of one subject's room: for which roles it is, and how much is told there."""

from bridge.config.kinds import EVERYONE
from bridge.config.schema import Config
from bridge.model.details import Details
from bridge.model.signal import Subject, SubjectKind


def details_of(config: Config, subject: Subject) -> Details:
    return _profile(config, subject)[1]


def roles_of(config: Config, subject: Subject) -> tuple[str, ...]:
    return _profile(config, subject)[0]


def _profile(config: Config, subject: Subject) -> tuple[tuple[str, ...], Details]:
    match subject.kind:
        case SubjectKind.CUSTOMER:
            room = config.matrix.customer_rooms
        case SubjectKind.DISPUTE:
            room = config.matrix.dispute_rooms
        case _ if subject.id in config.matrix.channels:
            channel = config.matrix.channels[subject.id]
            return channel.roles, channel.details
        case _:
            return (EVERYONE,), "full"
    return room.roles, room.details
