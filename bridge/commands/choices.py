"""What could mean several things is asked back, never guessed."""

from collections.abc import Sequence

from bridge.model.errors import Refused

MOST = 8


def which(question: str, choices: Sequence[tuple[str, str]]) -> Refused:
    """To be raised. Each choice is words for people, and the exact command that means it."""
    lines = [f"{words}: `{command}`" for words, command in choices[:MOST]]
    if more := len(choices) - MOST:
        lines += [f"and {more} more, which I leave out here"] if more > 0 else []
    return Refused(question, lines=tuple(lines))
