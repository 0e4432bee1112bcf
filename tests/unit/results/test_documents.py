import hashlib

import pytest

from spikefuse.core.errors import InputError, StoreError
from spikefuse.results.documents import canonical_json, definition_hash, parse_json, plain


def test_hash_is_sha256_of_sorted_compact_json() -> None:
    expected = hashlib.sha256(b'{"a":1,"b":{"c":[2.5,null,true],"d":"\\u00e9"}}').hexdigest()[:16]
    assert definition_hash({"b": {"d": "é", "c": (2.5, None, True)}, "a": 1}) == expected


def test_hash_depends_on_every_value_and_on_int_against_float() -> None:
    names = {definition_hash({"a": value}) for value in (1, 1.0, "1", True, None, [1])}
    assert len(names) == 6


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"b": [0.5, float("nan")]}}, r"a\.b\[1\] must be a finite number, got nan"),
        ({"a": {1: 2}}, "a must have text for keys, got 1"),
        ({"a": {"b": {1, 2}}}, r"a\.b must be what JSON can hold .* got set"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plain(value, "here")


def test_not_finite_becomes_null_on_request() -> None:
    values = {"loss": float("nan"), "rates": [float("inf"), 0.25]}
    assert plain(values, "here", null_for_nan=True) == {"loss": None, "rates": [None, 0.25]}


def test_canonical_json_ignores_order() -> None:
    assert canonical_json({"b": 1, "a": [2]}) == canonical_json({"a": [2], "b": 1})


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_damaged_documents_are_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(StoreError, match=r"trial.json must") as caught:
        parse_json(content, "trial.json", "here")
    assert "\n" not in str(caught.value)
