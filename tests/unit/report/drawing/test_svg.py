"""Drawings that can live in a page."""

import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import pytest
from matplotlib.figure import Figure

from spikefuse.report.drawing import theme
from spikefuse.report.drawing.svg import inline_svg
from spikefuse.report.printable import plain

HOSTILE = '</text><script>alert(1)</script>"$\\frac{' + "\x00\ud800&"


def drawing(text: str = "label") -> Figure:
    figure = Figure(figsize=(3, 2))
    ax = figure.add_subplot()
    ax.plot([0, 1], [0, 1], "o-", color=theme.LIGHT["image"], gid="tip-0")
    ax.set_xlabel(plain(text))
    ax.set_ylabel(plain(text))
    return figure


def svg(identifier: str = "one", text: str = "label", **options: object) -> str:
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt=identifier)):
        return inline_svg(drawing(text), identifier, f"A line: {text}", **options)  # type: ignore[arg-type]


def test_is_one_element_without_addresses_style_sheets_or_scripts() -> None:
    text = svg()

    assert text.startswith("<svg")
    for word in ("http", "<style", "<metadata", "<!DOCTYPE", "xmlns", "<?xml", "font-family"):
        assert word not in text


def test_identifiers_are_prefixed_used_and_repeatable() -> None:
    one, other = svg("one"), svg("other")

    names = re.findall(r' id="([^"]+)"', one)
    assert names
    assert all(name.startswith("one-") for name in names)
    assert len(set(names)) == len(names)
    for name in names:
        assert f"#{name}" in one
    for reference in re.findall(r'(?:url\(#|href="#)([^")]+)', one):
        assert reference in names
    assert not set(names) & set(re.findall(r' id="([^"]+)"', other))
    assert svg("one") == one


def test_colours_follow_the_page() -> None:
    text = svg()

    assert "var(--image)" in text
    assert "var(--ink)" in text
    assert theme.LIGHT["image"] not in text


def test_has_a_label_and_tips() -> None:
    root = ElementTree.fromstring(svg(tips={"tip-0": "the <first> line"}))

    assert root.get("role") == "img"
    assert root.get("aria-label") == "A line: label"
    assert [title.text for title in root.iter("title")] == ["the <first> line"]


def test_hostile_text_is_text() -> None:
    text = svg(text=HOSTILE)

    root = ElementTree.fromstring(text)
    assert "script" not in {element.tag for element in root.iter()}
    assert "<script" not in text
    assert "alert(1)" in "".join(root.itertext())
    text.encode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("x" * 30, "x" * 9 + "\u2026"),
        ("a\nb", "a\nb"),
    ],
)
def test_plain(text: str, kept: str) -> None:
    assert plain(text, 10) == kept
