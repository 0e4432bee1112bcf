"""One section of the page: what it asks, what was found, its drawings and tables, its command."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spikefuse.analysis.words import interval_words
from spikefuse.report.drawing.pictures import Picture
from spikefuse.report.tables import Table


@dataclass(frozen=True)
class Key:
    """One entry of a legend."""

    role: str
    glyph: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A table on the page.

    Attributes:
        open: Shown at once; else behind a line that opens it.
    """

    table: Table
    open: bool = False


@dataclass(frozen=True)
class Section:
    """A section with everything the template shows of it.

    Attributes:
        name: Its identifier in the page.
        title: Its heading.
        link: Its entry in the contents.
        paragraphs: The answer first, then how to read it.
        command: What remakes its numbers; empty where that is not known.
        wide: Its pictures need the width of the page.
    """

    name: str
    title: str
    link: str
    paragraphs: Sequence[str]
    tables: Sequence[Shown] = ()
    pictures: Sequence[Picture] = ()
    legend: Sequence[Key] = ()
    caption: str = ""
    command: str = ""
    wide: bool = False


def interval_keys(counts: Iterable[int], glyph: str = "\u2501", over: str = "") -> list[Key]:
    """A legend's line of intervals, by the n of its marks; none where no mark has one."""
    told = interval_words(counts, f"95 % interval{over}")
    return [Key("", glyph, told)] if told else []
