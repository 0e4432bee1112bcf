"""What of a record is hashed: what it was born with, and later what differs from its default."""

import pytest
from pydantic import ValidationError

from spikefuse.core.record import NamedRecord


class Inner(NamedRecord):
    first_fields = frozenset({"a"})
    a: int = 1
    later: str | None = None


class Newer(NamedRecord):
    depth: int = 3
    wide: bool = False


class Outer(NamedRecord):
    first_fields = frozenset({"inner", "x"})
    x: float = 0.5
    inner: Inner = Inner()
    newer: Newer = Newer()
    by_name: dict[str, int] = {}  # noqa: RUF012 (pydantic copies it)


def test_fields_of_the_first_day_are_always_there() -> None:
    assert Outer().naming() == {"x": 0.5, "inner": {"a": 1}}


@pytest.mark.parametrize(
    ("change", "added"),
    [
        ({"inner": Inner(later="b")}, {"inner": {"a": 1, "later": "b"}}),
        ({"newer": Newer(wide=True)}, {"newer": {"wide": True}}),
        ({"newer": Newer(depth=3)}, {}),
        ({"by_name": {"k": 2}}, {"by_name": {"k": 2}}),
    ],
)
def test_later_fields_are_there_where_they_differ(change: dict, added: dict) -> None:
    assert Outer(**change).naming() == {"x": 0.5, "inner": {"a": 1}} | added


@pytest.mark.parametrize(
    "record", [Outer(), Outer(inner=Inner(later="b"), newer=Newer(depth=9), by_name={"k": 2})]
)
def test_a_record_comes_back_from_what_is_stored(record: Outer) -> None:
    assert Outer.model_validate(record.naming()) == record


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="latr"):
        Inner.model_validate({"latr": "b"})


class Learned:
    """What stands for a tensor that wants a gradient, and for one that does not."""

    def __init__(self, requires_grad: bool) -> None:
        self.requires_grad = requires_grad

    def __float__(self) -> float:
        return 0.25


def test_a_number_that_wants_a_gradient_would_be_made_a_plain_one_and_is_refused() -> None:
    assert Outer(x=Learned(False)).x == 0.25
    with pytest.raises(ValidationError, match=r"x must be a number \(it gets no gradient\)"):
        Outer(x=Learned(True))
    with pytest.raises(ValidationError, match="by_name must be a number"):
        Outer(by_name={"k": Learned(True)})
    with pytest.raises(ValidationError, match="newer must be a number"):
        Outer(newer={"depth": Learned(True)})


@pytest.mark.parametrize("kind", [list, tuple])
def test_numbers_in_a_list_are_looked_at_too(kind: type) -> None:
    class Many(NamedRecord):
        first_fields = frozenset({"xs"})
        xs: tuple[float, ...]

    assert Many(xs=kind([0.5, Learned(False)])).xs == (0.5, 0.25)
    with pytest.raises(ValidationError, match="it gets no gradient"):
        Many(xs=kind([0.5, Learned(True)]))
