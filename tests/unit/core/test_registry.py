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
