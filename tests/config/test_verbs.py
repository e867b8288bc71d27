"""The verbs roles can name are those that commands know."""

from bridge.commands.table import VERBS as KNOWN
from bridge.model.verbs import VERBS


def test_every_verb_can_be_given_to_a_role() -> None:
    assert set(VERBS) == set(KNOWN)
