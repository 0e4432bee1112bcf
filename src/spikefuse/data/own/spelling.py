"""Names that are one to a person and two to a computer: "Oak" and "oak", "cat" and "cat "."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable


def spellings(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The names of which there are several spellings, those of one name together.

    Example:
        >>> spellings(["oak", "yew", "Oak"])
        [('Oak', 'oak')]
    """
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        found[_heard(name)].add(name)
    return [tuple(sorted(alike)) for alike in found.values() if len(alike) > 1]


def difference(alike: Iterable[str]) -> str:
    """What spellings of one name differ in, as a sentence without its end.

    Example:
        >>> difference(["cat", "cat "])
        "'cat' and 'cat ' differ in blanks alone"
    """
    names = list(alike)
    cases = {"".join(_accented(name).split()) for name in names}
    blanks = {_accented(name).casefold() for name in names}
    parts = []
    if len(cases) > 1:
        parts.append("their letters' case")
    if len(blanks) > 1:
        parts.append("blanks")
    what = " and ".join(parts) or "how their accents are stored"
    return f"{' and '.join(map(repr, names))} differ in {what} alone"


def told_apart(lacking: Iterable[str], others: Iterable[str]) -> str:
    """A hint where names that are missing are there in another spelling; empty where none is."""
    wanted = set(lacking)
    pairs = [alike for alike in spellings([*wanted, *others]) if wanted & set(alike)]
    if not pairs:
        return ""
    return f"{'; '.join(map(difference, pairs[:3]))}. Name them alike."


def _heard(name: str) -> str:
    return "".join(_accented(name).casefold().split())


def _accented(name: str) -> str:
    """Letters and accents in one piece: some systems store file names with them apart."""
    return unicodedata.normalize("NFC", name)
