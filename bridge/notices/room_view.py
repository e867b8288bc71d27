"""How things are told in one subject's room: in whose words, how much, and to whom."""

from bridge.config.kinds import EVERYONE
from bridge.config.schema import Config
from bridge.model.signal import Subject, SubjectKind
from bridge.model.verbs import VERBS
from bridge.model.words import Words
from bridge.notices.card_wording import View
from bridge.notices.wording import Details


def view_of(config: Config, subject: Subject) -> View:
    words = Words(config.locale, config.timezone)
    dashboard = config.accounts[subject.account].dashboard
    return View(words, details_of(config, subject), dashboard, verbs_of(config, subject))


def details_of(config: Config, subject: Subject) -> Details:
    return _profile(config, subject)[1]


def roles_of(config: Config, subject: Subject) -> tuple[str, ...]:
    return _profile(config, subject)[0]


def verbs_of(config: Config, subject: Subject) -> frozenset[str]:
    """What somebody whom the configuration wants in the room may ask for."""
    wanted = roles_of(config, subject)
    roles = config.roles if EVERYONE in wanted else set(wanted) & set(config.roles)
    given = {verb for role in roles for verb in config.roles[role].verbs}
    return frozenset(given & set(VERBS))


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
