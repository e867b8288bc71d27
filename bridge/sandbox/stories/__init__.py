"""Every story, in the order they were added. `make demo STORY=name` plays one."""

from bridge.sandbox.stories.black_friday import BlackFriday
from bridge.sandbox.story import Story

STORIES: dict[str, type[Story]] = {
    BlackFriday.name: BlackFriday,
}
