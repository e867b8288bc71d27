"""What a fresh object of each kind looks like; the shapes themselves are data, in shapes.json."""

import copy
import json
from importlib import resources
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Shapes:
    def __init__(self) -> None:
        text = resources.files(__package__).joinpath("shapes.json").read_text(encoding="utf-8")
        self._shapes: Json = json.loads(text)

    def fresh(self, kind: str) -> Json:
        fields: Json = copy.deepcopy(self._shapes[kind])
        return fields
