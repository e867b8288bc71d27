"""Nested form parameters, read back as what the SDK meant."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from bridge.sandbox.stripe_server.errors import StripeError
from bridge.sandbox.stripe_server.forms import parse_form

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]"), min_size=1)
values = st.recursive(
    texts,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(names, inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


def positions(value: Any) -> Any:
    """Lists as the form carries them: mappings from positions."""
    if isinstance(value, list):
        return {str(at): positions(each) for at, each in enumerate(value)}
    if isinstance(value, dict):
        return {key: positions(each) for key, each in value.items()}
    return value


@given(st.dictionaries(names, values, max_size=4))
def test_what_the_sdk_encodes_is_read_back(params: dict[str, Any]) -> None:
    assert parse_form(urlencode(list(_api_encode(params)))) == positions(params)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b][c]=x", {"a": {"b": {"c": "x"}}}),
        ("a[]=x&a[]=y", {"a": {"0": "x", "1": "y"}}),
        ("items[0][id]=i&items[0][n]=2", {"items": {"0": {"id": "i", "n": "2"}}}),
        ("metadata[0]=zero", {"metadata": {"0": "zero"}}),
        ("a=%F0%9F%92%B3+x", {"a": "💳 x"}),
    ],
)
def test_forms(text: str, found: dict[str, Any]) -> None:
    assert parse_form(text) == found


@pytest.mark.parametrize("text", ["a[b=1", "[a]=1", "a]=1", "a=1&a[b]=2", "a[b]=2&a=1", "a[b]c=1"])
def test_malformed_names_are_refused(text: str) -> None:
    with pytest.raises(StripeError) as refused:
        parse_form(text)
    assert refused.value.status == 400


def test_depth_is_bounded() -> None:
    with pytest.raises(StripeError):
        parse_form("a" + "[b]" * 1000 + "=1")


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_form(text)
    except StripeError as refused:
        assert refused.status == 400
