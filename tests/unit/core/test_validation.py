"""What a record refuses is one sentence of ours, whatever kind of check refused it."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from spikefuse.core.errors import InputError
from spikefuse.core.registry import name_in
from spikefuse.core.validation import refusal_of


class Inner(BaseModel):
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=9)] = 1
    kind: Literal["big", "small"] = "big"
    shape: Annotated[str, name_in("shape", {"round": 1, "square": 2})] = "round"
    code: Annotated[str, Field(pattern="^a+$")] = "a"
    is_loud: bool = False
    inner: Inner = Inner()
    sizes: dict[str, int] = {}
    odd: int = 1

    @field_validator("odd")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"odd must be odd, got {value}")
        if value > 99:
            raise InputError(f"thing: odd must be small, got {value}. Take less.")
        return value


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"count": 0}, "--count must be at least 1, got 0."),
        ({"count": 10}, "--count must be at most 9, got 10."),
        ({"count": 1.5}, "--count must be a whole number, got 1.5."),
        ({"count": "x"}, "--count must be a whole number, got 'x'."),
        ({"inner": {"share": 1}}, "--inner.share must be below 1, got 1."),
        ({"inner": {"share": 0}}, "--inner.share must be above 0, got 0."),
        ({"inner": 3}, "--inner must be values by name, got 3."),
        ({"kind": "smal"}, "--kind must be one of big, small, got 'smal'. Did you mean small?"),
        ({"shape": "sqare"}, "--shape must be one of round, square, got 'sqare'. Did you mean"),
        ({"code": "b"}, "--code must be text like ^a+$, got 'b'."),
        ({"is_loud": "x"}, "--is_loud must be true or false, got 'x'."),
        ({"sizes": {"a": "x"}}, "--sizes.a must be a whole number, got 'x'."),
        ({"count": None}, "--count must be a whole number, got None."),
        ({"nope": 1}, "--nope must be left out: it is no setting here, got 1."),
        ({"odd": 2}, "odd must be odd, got 2."),
        ({"odd": 101}, "thing: odd must be small, got 101. Take less."),
    ],
)
def test_each_kind_of_refusal(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Thing(**values)
    said = refusal_of("test", caught.value, "--{}".format)

    assert said.startswith(f"test: {told}")
    assert not {"Input should", "Value error", "pydantic"} & set(said.split("'"))
    assert "\n" not in said
