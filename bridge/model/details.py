"""How much of people and amounts may be told in one place. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from bridge.model.signal import Fact
from bridge.model.text import SafeText, mask

#: `masked` shows people by their initials; `none` only says what happened: no amount, no person.
Details = Literal["full", "masked", "none"]


def shown_facts(facts: Iterable[Fact], details: Details) -> Iterator[Fact]:
    if details == "none":
        return
    for fact in facts:
        masks = fact.personal and details == "masked"
        yield replace(fact, value=_masked(fact.value)) if masks else fact


def _masked(value: str) -> SafeText:
    """`old → new` keeps its arrow: that something changed may be seen."""
    return SafeText(" → ".join(mask(side) for side in value.split(" → ")[:2]))
