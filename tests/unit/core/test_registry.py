from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from spikefuse.core.errors import InputError
from spikefuse.core.registry import name_in, register


def test_a_name_is_checked_against_the_registry_of_that_moment() -> None:
    registry: dict[str, int] = {"early": 1}
    names = TypeAdapter(Annotated[str, name_in("fusion", registry)])

    with pytest.raises(ValidationError, match=r"one of early, got 'earyl'. Did you mean early\?"):
        names.validate_python("earyl")
    register("fusion", registry, "gate", 2)
    assert names.validate_python("gate") == "gate"


def test_a_taken_name_is_refused_and_the_same_part_may_come_again() -> None:
    registry = {"early": object()}
    register("fusion", registry, "early", registry["early"])

    with pytest.raises(InputError, match="'early', which is taken"):
        register("fusion", registry, "early", object())


@pytest.mark.parametrize("name", ["", "a b", "../x", "A", "a/b", "ä b"])
def test_a_name_that_no_table_can_hold_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="lower-case letters"):
        register("fusion", {}, name, 1)


class Contract:
    def __init__(self, name: str, steps: int) -> None:
        self.name, self.steps = name, steps


class First(Contract): ...


class Second(Contract): ...


class Further(Contract):
    def __init__(self, name: str, steps: int, factor: float) -> None:
        super().__init__(name, steps)


class Defaulted(Contract):
    def __init__(self, name: str, steps: int, factor: float = 1.0) -> None:
        super().__init__(name, steps)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (3, "must be a class of Contract, got int"),
        (Contract("a", 1), "must be a class of Contract, got Contract"),
        (dict, "must be a class of Contract, got dict"),
        (Further, "must be made from name, steps alone, got .*missing a required .*'factor'"),
    ],
)
def test_a_class_unlike_the_others_is_refused_before_it_is_used(part: object, said: str) -> None:
    registry: dict[str, object] = {"first": First, "second": Second}
    with pytest.raises(InputError, match=f"encoder: part 'mine' {said}"):
        register("encoder", registry, "mine", part)
    assert "mine" not in registry
    assert register("encoder", registry, "mine", Defaulted) is Defaulted


@pytest.mark.parametrize("part", [3, First, Contract])
def test_a_record_unlike_the_others_is_refused(part: object) -> None:
    registry: dict[str, object] = {"first": First("a", 1), "second": First("b", 2)}
    with pytest.raises(InputError, match="noise: part 'mine' must be a First, got"):
        register("noise", registry, "mine", part)
    register("noise", registry, "mine", First("c", 3))


def test_parts_that_share_nothing_allow_any() -> None:
    registry: dict[str, object] = {"first": 1, "second": "b"}
    assert register("thing", registry, "mine", dict) is dict
