"""The objects, by kind and id, in the order they were made."""

from collections.abc import Iterator

from .shapes import Json


class Store:
    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Json]] = {}
        self._belongings: dict[str, list[Json]] = {}

    def put(self, thing: Json) -> Json:
        """Add an object, or take its newer state in the older one's place."""
        self._kinds.setdefault(thing["object"], {})[thing["id"]] = thing
        return thing

    def get(self, kind: str, name: str) -> Json | None:
        return self._kinds.get(kind, {}).get(name)

    def find(self, name: str) -> Json | None:
        return next((kind[name] for kind in self._kinds.values() if name in kind), None)

    def newest_first(self, kind: str) -> list[Json]:
        return list(reversed(self._kinds.get(kind, {}).values()))

    def oldest_first(self, kind: str) -> Iterator[Json]:
        return iter(list(self._kinds.get(kind, {}).values()))

    def give(self, owner: str, things: list[Json]) -> None:
        """Things that an object has, and shows only when they are asked for."""
        self._belongings[owner] = things

    def belongings(self, owner: str) -> list[Json]:
        return self._belongings.get(owner, [])

    def remove(self, kind: str, name: str) -> None:
        self._kinds.get(kind, {}).pop(name, None)
