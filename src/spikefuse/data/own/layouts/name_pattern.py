"""File names that say label, group or split: `{label}_{speaker}_{take}`."""

import re
from collections.abc import Callable

from spikefuse.data.own.refusals import refusal

NamePattern = Callable[[str], dict[str, str] | None]
"""What the fields of a file's stem are; None where the stem does not fit."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def fields_of(pattern: str) -> list[str]:
    """The names of a pattern's fields, in order."""
    return _FIELD.findall(pattern)


def name_pattern(pattern: str) -> NamePattern:
    """A reader of file stems.

    A field holds no character of the text between the fields, so a name is read in one way or not
    at all: `a_b_c_d` does not fit `{label}_{speaker}_{take}`.

    Raises:
        InputError: A field has no name or comes twice, or two fields touch.

    Example:
        >>> name_pattern("{label}_{speaker}_{take}")("7_jackson_32")
        {'label': '7', 'speaker': 'jackson', 'take': '32'}
    """
    fields, between = fields_of(pattern), _FIELD.split(pattern)[::2]
    wrong = (
        not fields
        or len(set(fields)) < len(fields)
        or not all(field.isidentifier() for field in fields)
        or not all(between[1:-1])
        or any("{" in text or "}" in text for text in between)
    )
    if wrong:
        raise refusal(
            "name_pattern",
            "fields in braces with text between them, each once",
            repr(pattern),
            'Write for example "{label}_{speaker}_{take}".',
        )
    separators = "".join(sorted(set("".join(between))))
    field = f"[^{re.escape(separators)}]+" if separators else ".+"
    expression = "".join(
        re.escape(text) + (f"(?P<{name}>{field})" if name else "")
        for text, name in zip(between, [*fields, ""], strict=True)
    )
    compiled = re.compile(expression, re.DOTALL)

    def read(stem: str) -> dict[str, str] | None:
        match = compiled.fullmatch(stem)
        return None if match is None else match.groupdict()

    return read
