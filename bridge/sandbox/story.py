"""A story: steps that are done, and each seen from the outside, in a world of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar, Protocol

import aiohttp

from bridge.model.errors import BridgeError
from bridge.sandbox.person import Person
from bridge.sandbox.transcript import Transcript
from bridge.sandbox.world import World

#: How long one step may take with everything it waits for.
STEP_SECONDS = 60.0


class Wrong(BridgeError):
    """What was seen is not what should have been."""


@dataclass(frozen=True)
class Step:
    """`seen` says in a few words what an outsider sees when it is done. `play` raises if it was not."""

    seen: str
    play: Callable[[], Awaitable[None]]


class Story(Protocol):
    """Made with its stage; `steps` are played in order, as each builds on those before."""

    name: ClassVar[str]
    title: ClassVar[str]
    intro: ClassVar[str]
    opening: ClassVar[time]

    def __init__(self, stage: "Stage") -> None: ...

    def steps(self) -> Sequence[Step]: ...


@dataclass(frozen=True)
class Stage:
    world: World
    transcript: Transcript

    def person(self, name: str) -> Person:
        return self.world.people[name]

    def narrate(self, text: str) -> None:
        self.transcript.narrate(text)

    async def happen(self, told: str, happening: str, **given: Any) -> dict[str, Any]:
        """At Stripe, with its webhooks all answered; `told` is for the transcript."""
        self.transcript.stripe(told)
        made = await self.world.stripe.happen(happening, **given)
        await self.world.stripe.settled()
        if lost := await self.world.stripe.undelivered():
            raise Wrong(f"The bridge did not take these webhooks: {', '.join(lost)}")
        return made


def expect(true: bool, otherwise: str) -> None:
    if not true:
        raise Wrong(otherwise)


async def play(story: Story, stage: Stage) -> bool:
    """Until the end or the first step that is not seen; prints the verdict and returns it."""
    steps = story.steps()
    stage.transcript.begin(story.title, story.intro)
    for number, step in enumerate(steps):
        if trouble := await _unseen(step):
            stage.transcript.unseen(step.seen, trouble, stage.world.logs())
            stage.transcript.verdict(
                f"story {story.name}: {number} of {len(steps)} steps seen; not seen: {step.seen}"
            )
            return False
        stage.transcript.seen(step.seen)
    stage.transcript.verdict(f"story {story.name}: {len(steps)} of {len(steps)} steps seen")
    return True


async def _unseen(step: Step) -> str | None:
    """Why the step was not seen."""
    try:
        async with asyncio.timeout(STEP_SECONDS):
            await step.play()
    except TimeoutError:
        return f"It took longer than {STEP_SECONDS:g} s."
    except (BridgeError, OSError, aiohttp.ClientError) as trouble:
        return str(trouble) or type(trouble).__name__
    return None
