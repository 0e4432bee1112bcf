"""Text of somebody else's that goes into a page or a table."""

import re

# What XML 1.0 cannot hold; a lone surrogate cannot even be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def plain(text: object, limit: int = 200) -> str:
    """Text that any XML or HTML file can hold, in one piece of at most `limit` characters."""
    clean = _UNPRINTABLE.sub("\ufffd", str(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "\u2026"
