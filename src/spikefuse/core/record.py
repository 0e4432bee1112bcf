"""Records that name things: what of them is hashed, so that a later field orphans nothing.

A trial is named by the hash of its definition. Were a new field hashed with its default, every
name would change on the day that the field is added, and everything stored would be trained again.
So a record lists the fields it was born with, which are always hashed, and of all others only what
differs from its default is. The default of a field therefore never changes: what is stored without
it means the default.
"""

from collections.abc import Mapping
from sys import float_info
from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from spikefuse.core.checks import require


class ValueRecord(BaseModel):
    """A frozen record of values that are not learned.

    A number that wants a gradient would become a plain one, and whoever wanted it learned would
    not be told: it is refused. So is a subnormal one, which is zero where networks are trained.
    A zero has no sign, so that one value has one name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, values: object) -> object:
        for name, value in values.items() if isinstance(values, dict) else ():
            parts = value.values() if isinstance(value, Mapping) else value
            parts = parts if isinstance(value, Mapping | list | tuple) else (value,)
            for part in parts:
                is_plain = getattr(part, "requires_grad", False) is not True
                told = "a number (it gets no gradient)"
                require(is_plain, "settings", name, told, type(part).__name__)
                # Processors that train take them for zero: what is stored would bear another name.
                is_tiny = isinstance(part, float) and 0.0 < abs(part) < float_info.min
                told = f"0 or at least {float_info.min:.1e} in size"
                require(not is_tiny, "settings", name, told, part)
        if isinstance(values, dict):
            return {name: _without_sign_of_zero(value) for name, value in values.items()}
        return values


def _without_sign_of_zero(value: Any) -> Any:
    if isinstance(value, float) and value == 0.0:
        return 0.0
    if isinstance(value, dict):
        return {name: _without_sign_of_zero(part) for name, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_without_sign_of_zero(part) for part in value)
    return value


class NamedRecord(ValueRecord):
    """A frozen record whose content names a folder or a file."""

    first_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that are always part of the name. Nothing is ever added here: a field that is not
    named is a later one."""

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Every dump leaves them out, so that no caller can name a record in another way.
        dumped: dict[str, Any] = handler(self)
        for name, field in type(self).model_fields.items():
            is_later = name not in self.first_fields and not field.is_required()
            if is_later and getattr(self, name) == field.get_default(call_default_factory=True):
                dumped.pop(name, None)
        return dumped

    def naming(self) -> dict[str, Any]:
        """What is hashed and stored, as JSON values.

        Example:
            >>> class Point(NamedRecord):
            ...     first_fields = frozenset({"x"})
            ...     x: int = 0
            ...     later: int = 7
            >>> Point().naming(), Point(later=8).naming()
            ({'x': 0}, {'x': 0, 'later': 8})
        """
        return self.model_dump(mode="json")
