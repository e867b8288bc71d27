"""The schema's types read from outside: which kind of value stands under which key."""

import types
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel


def of_key(kind: Any, key: str | int) -> Any:
    """The type of what stands under `key` (a key, or an item's number); None if nothing can."""
    kind = bare(kind)
    if is_section(kind):
        field = kind.model_fields.get(str(key))
        return bare(field.annotation) if field else None
    match get_origin(kind), get_args(kind):
        case (a_dict, (_, value)) if a_dict is dict:
            return bare(value)
        case (a_tuple, (item, *_)) if a_tuple is tuple:
            return bare(item)
        case _:
            return None


def bare(kind: Any) -> Any:
    """Without `Annotated` and `| None`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return bare(arguments[0])
    if origin in {Union, types.UnionType} and type(None) in arguments:
        return bare(next(one for one in arguments if one is not type(None)))
    return kind


def is_section(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def holds_list(kind: Any) -> bool:
    return get_origin(bare(kind)) is tuple
