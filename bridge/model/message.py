"""What is said to people, free of any platform. The edges render it, each in its own way."""

from dataclasses import dataclass, field
from typing import Any, Self

from bridge.model.signal import Fact, SignalClass
from bridge.model.text import SafeText


@dataclass(frozen=True)
class Link:
    label: SafeText
    url: str


@dataclass(frozen=True)
class Message:
    """A title, facts in lines, free text, and links. `tone` is its class; it decides the icon."""

    title: SafeText
    tone: SignalClass | None = None
    facts: tuple[Fact, ...] = ()
    text: SafeText | None = None
    #: A list of what needs no label.
    lines: tuple[SafeText, ...] = ()
    links: tuple[Link, ...] = ()
    #: Matrix ids that are to be interrupted.
    mentions: tuple[str, ...] = ()
    #: `True` on live accounts' opposite: people must see that no real money is meant.
    test_mode: bool = False
    #: Its links are keys to somebody's account: they are forgotten here once it is said.
    secret: bool = False
    #: Stripe's ids, for programs that read the room: never shown.
    ids: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        # By hand: `asdict` copies every text of it, and this is written for every delivery.
        return {
            **vars(self),
            "facts": [dict(vars(fact)) for fact in self.facts],
            "links": [dict(vars(link)) for link in self.links],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`; what a newer version added is ignored."""
        return cls(
            title=SafeText(data["title"]),
            tone=SignalClass(data["tone"]) if data.get("tone") else None,
            facts=tuple(
                Fact(f["label"], SafeText(f["value"]), f["personal"]) for f in data["facts"]
            ),
            text=SafeText(data["text"]) if data.get("text") else None,
            lines=tuple(SafeText(line) for line in data.get("lines", ())),
            links=tuple(Link(SafeText(link["label"]), link["url"]) for link in data["links"]),
            mentions=tuple(data["mentions"]),
            test_mode=data["test_mode"],
            secret=data.get("secret", False),
            ids=data["ids"],
        )
