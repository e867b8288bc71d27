"""Fields as people name them, what is missing, and a name for exactly this evidence."""

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe.params._dispute_update_params import DisputeUpdateParamsEvidence

from bridge.model import evidence
from bridge.model.dispute import DISPUTE_REASONS
from bridge.model.evidence import BY_NAME, FIELDS


def test_the_fields_are_stripes() -> None:
    theirs = set(get_type_hints(DisputeUpdateParamsEvidence))
    assert set(BY_NAME) == theirs - {"appeal", "enhanced_evidence"}


def test_no_two_fields_are_called_the_same() -> None:
    names = [name for field in FIELDS for name in (field.words, *field.also)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_each_is_found_by_each_of_its_names(field: evidence.Field) -> None:
    for name in (field.name, field.words, field.words.title(), *field.also):
        assert evidence.named(f"{name} some words") == (field, "some words")
        assert evidence.named(f" {name}: some\nwords") == (field, "some\nwords")
        assert evidence.named(f"{name}=x") == (field, "x")
        assert evidence.named(name) == (field, "")


@pytest.mark.parametrize(
    "typed", ["", "  ", "receipts", "product", "x receipt", "receipt.pdf", "_"]
)
def test_what_only_looks_like_one_is_none(typed: str) -> None:
    assert evidence.named(typed) is None


@given(st.text(max_size=60))
def test_a_name_leaves_the_rest_as_it_was(rest: str) -> None:
    found = evidence.named(f"product description: {rest}")
    assert found == (BY_NAME["product_description"], rest.strip())


@pytest.mark.parametrize("reason", [*DISPUTE_REASONS, "something new"])
def test_what_banks_look_for_are_fields(reason: str) -> None:
    wanted = evidence.wanted(reason)
    assert wanted
    assert set(wanted) <= set(BY_NAME)
    assert evidence.missing(reason, {}) == list(wanted)
    assert evidence.missing(reason, {wanted[0]: "x"}) == list(wanted[1:])


EVIDENCE = st.dictionaries(
    st.sampled_from(["receipt", "customer_name", "enhanced_evidence", "new_field"]),
    st.one_of(
        st.none(),
        st.text(max_size=4),
        st.dictionaries(st.sampled_from("ab"), st.one_of(st.none(), st.text(max_size=3))),
    ),
)


@given(EVIDENCE, EVIDENCE)
def test_the_fingerprint_is_another_when_anything_that_is_there_is_another(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    same = _there(one) == _there(two)
    assert (evidence.fingerprint(one) == evidence.fingerprint(two)) is same


def _there(found: dict[str, Any]) -> dict[str, Any]:
    inner = {
        name: {k: v for k, v in value.items() if v} if isinstance(value, dict) else value
        for name, value in found.items()
    }
    return {name: value for name, value in inner.items() if value}
