"""LaTeX tables print what the cells say, whatever that is, and run nothing."""

import re

import pytest

from spikefuse.report.output.latex import escape, latex_bytes
from spikefuse.report.tables import NONE, Column, Table

HOSTILE = (
    r"\input{/etc/passwd}",
    r"\write18{rm -rf ~}",
    r"\catcode`\%=12",
    r"^^5cinput{x}",
    r"}\end{tabular}\input{x}\begin{tabular}{l",
    "a & b & c",
    r"\\[1cm] x",
    "[2cm]",
    "*{9}{l}",
    "100 % of $x_1^2$ #1 ~ done",
    "line one\n\nline two\r\n\\par",
    "--out '' `` ?` !` << >>",
    "tab\there \x00 \x1b[31m \ud800 \u202e \u200b",
    "<script>|\"'",
    "$\\immediate\\write18{x}$",
)
# What an escaped text may hold of TeX: these commands, and these characters after a backslash.
COMMANDS = {
    *("textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater"),
    *("textbar", "textasciigrave", "char34", "ldots", "pm", "cdot", "times", "leq", "geq"),
}
TOKEN = re.compile(r"\\([a-zA-Z]+[0-9]*|.)|(.)", re.DOTALL)


def problems(tex: str) -> list[str]:
    """What in the text TeX would not just print: active characters, commands, open groups."""
    found = []
    depth = 0
    for command, character in TOKEN.findall(tex):
        if command:
            if command not in COMMANDS and command not in set("{}$&#%_"):
                found.append(f"\\{command}")
            continue
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            found.append("} closes nothing")
        if character in '&#%_^"`\n\t|<>':
            found.append(character)
        if not character.isprintable() and character != "\u00a0":
            found.append(repr(character))
    return found + ["{ is open"] * bool(depth)


def test_the_check_finds_what_is_wrong() -> None:
    for text in HOSTILE:
        if text not in ("[2cm]", "*{9}{l}"):
            assert problems(text), text
    assert problems(r"50 \% of \textbackslash{}x") == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed(text: str) -> None:
    tex = escape(text)

    # What mathematics there is, we wrote.
    bare = re.sub(r"\$(-|\+|\\[a-z]+)\$", "", tex)
    assert problems(bare) == []
    assert "$" not in bare.replace(r"\$", "")
    assert "\n" not in tex
    assert "^^" not in tex


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("50 %", r"50 \%"),
        ("a_b & c", r"a\_b \& c"),
        ("\u22121.25 \u00b1 0.5", r"$-$1.25 $\pm$ 0.5"),
        ("95\u00a0%", r"95~\%"),
        ("~/runs", r"\textasciitilde{}/runs"),
        ("--seeds 2", r"-{}-seeds 2"),
        ("---", "-{}-{}-"),
        ("\\", r"\textbackslash{}"),
        ("[x]*", "{[}x{]}{*}"),
        (NONE, "--"),
        ("the paper\u2019s", "the paper's"),
        ("a \n b", "a b"),
        ("\u00c5ngstr\u00f6m", "\u00c5ngstr\u00f6m"),
    ],
)
def test_text_is_printed_as_it_is(text: str, tex: str) -> None:
    assert escape(text) == tex


def table(rows: tuple[tuple[str, ...], ...]) -> Table:
    columns = (Column("Name & [unit]"), Column("Mean %", number=True))
    return Table("a_table", "Cap 100 % {x", columns, rows)


def test_a_table_has_its_rules_rows_and_columns() -> None:
    text = latex_bytes(table((("[one]", "1.5"), ("two", NONE)))).decode()

    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1
    assert r"\begin{tabular}{@{}lr@{}}" in text
    assert r"\caption{Cap 100 \% \{x}\label{tab:a-table}" in text
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert body == [r"{[}one{]} & 1.5\\", r"two & --\\"]
    assert r"Name \& {[}unit{]} & Mean \%\\" in text


def test_hostile_cells_stay_in_their_cells() -> None:
    text = latex_bytes(table(tuple((each, each) for each in HOSTILE))).decode()

    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(HOSTILE)
    for line in body:
        assert line.endswith(r"\\")
        assert len(re.findall(r"(?<!\\)&", line)) == 1
    assert text.count(r"\end{tabular}") == 1
    assert text.splitlines()[0].startswith("% ")


def test_long_tables_break_over_pages_and_long_texts_over_lines() -> None:
    long = latex_bytes(table((("x", "1"),) * 46)).decode()
    wide = latex_bytes(table((("word " * 20, "1"),))).decode()

    assert r"\begin{longtable}" in long
    assert r"\endhead" in long
    assert "longtable" in long.splitlines()[0]
    assert r"\begin{tabular}" not in long
    tall = latex_bytes(table((("word " * 120, "1"),) * 12)).decode()
    assert r"\begin{longtable}" in tall, "few rows of many lines fill a page as well"
    assert re.search(r"\{\\raggedright\\arraybackslash\}p\{0\.\d\d\\linewidth\}r@\{\}\}", wide)
