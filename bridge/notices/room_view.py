"""How things are told in one subject's room: in whose words, how much, and to whom."""

from bridge.config.kinds import EVERYONE
from bridge.config.profiles import details_of, roles_of
from bridge.config.schema import Config
from bridge.model.signal import Subject
from bridge.model.verbs import VERBS
from bridge.model.words import Words
from bridge.notices.card_wording import View


def view_of(config: Config, subject: Subject) -> View:
    words = Words(config.locale, config.timezone)
    dashboard = config.accounts[subject.account].dashboard
    return View(words, details_of(config, subject), dashboard, verbs_of(config, subject))


def verbs_of(config: Config, subject: Subject) -> frozenset[str]:
    """What somebody whom the configuration wants in the room may ask for."""
    wanted = roles_of(config, subject)
    roles = config.roles if EVERYONE in wanted else set(wanted) & set(config.roles)
    given = {verb for role in roles for verb in config.roles[role].verbs}
    return frozenset(given & set(VERBS))
