"""Tables as LaTeX with booktabs: every text is escaped, whoever wrote it."""

import math
import re
import unicodedata
from collections.abc import Mapping

import jinja2

import spikefuse
from spikefuse.report.tables import Table

_LONG_LINES = 45
"""A longer table may break over pages."""
_WIDE_CELL = 24
"""A column with a longer text is broken into lines."""
_WIDE_TITLE = 18
"""So is one whose title is longer than that."""
_LINE = 110
"""Characters of a whole line, about: what a page holds in small type."""
_GAP = 3
"""Characters between two columns."""

_SPECIAL: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
    # After the end of a row these would be read as its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\u00a0": "~",
    "\u2013": "--",
    "\u2014": "---",
    "\u2018": "`",
    "\u2019": "'",
    "\u201c": "``",
    "\u201d": "''",
    "\u2026": r"\ldots{}",
    "\u00b1": r"$\pm$",
    "\u00b7": r"$\cdot$",
    "\u00d7": r"$\times$",
    "\u2212": r"$-$",
    "\u2264": r"$\leq$",
    "\u2265": r"$\geq$",
    "\u2713": r"$+$",
    "\u2717": r"$-$",
}
# Pairs that TeX would join: an option's two hyphens, quotes, inverted marks.
_LIGATURE = re.compile(r"([-',?!<>])(?=\1|`)")


class Tex(str):
    """Text that is LaTeX already."""

    __slots__ = ()


def escape(text: object) -> Tex:
    r"""Text as LaTeX that prints it and does nothing else, on one line.

    Example:
        >>> escape(r"50 % of \input{x} & more")
        '50 \\% of \\textbackslash{}input\\{x\\} \\& more'
        >>> escape("a\n\nb --out")
        'a b -{}-out'
    """
    if isinstance(text, Tex):
        return text
    apart = _LIGATURE.sub("\\1\x00", _printable(str(text)).strip(" "))
    return Tex("".join(_SPECIAL.get(each, each) for each in apart).replace("\x00", "{}"))


def _printable(text: str) -> str:
    """White space as one space; controls, marks of direction and lone surrogates as question marks.

    A no-break space stays.
    """
    one_line = re.sub(r"[^\S\u00a0]+", " ", text)
    return "".join("?" if unicodedata.category(each)[0] == "C" else each for each in one_line)


def latex_bytes(table: Table) -> bytes:
    """The table as a LaTeX file: UTF-8, booktabs, no vertical rules."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spikefuse.report"),
        # Braces are LaTeX's own; with these marks a template still reads as LaTeX.
        block_start_string=r"\BLOCK{",
        block_end_string="}",
        variable_start_string=r"\VAR{",
        variable_end_string="}",
        comment_start_string=r"\#{",
        comment_end_string="}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        finalize=escape,
    )
    text = environment.get_template("table.tex").render(
        name=table.name,
        label=Tex(re.sub(r"[^a-z0-9-]", "-", table.name.lower())),
        caption=table.heading,
        columns=Tex(_columns(table)),
        heads=_row([column.title for column in table.columns]),
        rows=[_row(row) for row in table.rows],
        long=_lines(table) > _LONG_LINES,
        version=spikefuse.__version__,
    )
    return text.encode()


def _row(cells: list[str] | tuple[str, ...]) -> Tex:
    return Tex(" & ".join(escape(cell) for cell in cells))


def _columns(table: Table) -> str:
    """Left or right by column; texts of several lines share the width that is left."""
    letters = [
        rf">{{\raggedright\arraybackslash}}p{{{share:.2f}\linewidth}}"
        if share
        else ("r" if column.number else "l")
        for column, share in zip(table.columns, _shares(table), strict=True)
    ]
    return "@{}" + "".join(letters) + "@{}"


def _shares(table: Table) -> list[float]:
    """The share of the width of each column that is broken into lines; 0 of the others.

    A column with four times the text gets twice the width.
    """
    longest = [
        max((len(row[index]) for row in table.rows), default=0)
        for index in range(len(table.columns))
    ]
    titles = [len(column.title) for column in table.columns]
    sizes = list(zip(longest, titles, strict=True))
    weights = [
        math.sqrt(max(cell, title)) if cell > _WIDE_CELL or title > _WIDE_TITLE else 0.0
        for cell, title in sizes
    ]
    taken = sum(
        max(size) + _GAP if weight == 0 else _GAP
        for size, weight in zip(sizes, weights, strict=True)
    )
    room = max(1.0 - taken / _LINE, 0.4)
    return [room * weight / (sum(weights) or 1.0) for weight in weights]


def _lines(table: Table) -> int:
    """Lines of the table's body, about."""
    widths = [max(1, int(share * _LINE)) if share else None for share in _shares(table)]
    return sum(
        max(
            1 if width is None else -(-len(cell) // width) or 1
            for cell, width in zip(row, widths, strict=True)
        )
        for row in table.rows
    )
