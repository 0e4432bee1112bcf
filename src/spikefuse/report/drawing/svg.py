"""Turns a matplotlib figure into SVG that can live inside the page.

Inside a page an SVG shares identifiers, style rules and colours with everything else. So: no
identifier that nothing points at and a prefix on the rest, no style sheet, no metadata (it holds
addresses), no namespaces, and colours as style-sheet variables that follow light and dark.
"""

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

import matplotlib
from matplotlib.figure import Figure

from spikefuse.report.drawing import theme
from spikefuse.report.printable import plain

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_FONT_FAMILY = re.compile(r"\s*font-family:[^;]*;?")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_VARIABLE = {value: f"var(--{name})" for name, value in theme.LIGHT.items()}


def inline_svg(
    figure: Figure, identifier: str, label: str, tips: Mapping[str, str] | None = None
) -> str:
    """The figure as an `<svg>` element for the page.

    Args:
        figure: Drawn in the light colours of `theme`.
        identifier: Unique in the page; prefixes every identifier inside.
        label: What a screen reader says instead of the picture.
        tips: Text shown over an artist, by the artist's gid.
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt=identifier)):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    _strip_namespaces(root)
    for metadata in root.findall("metadata"):
        root.remove(metadata)
    for definitions in root.iter("defs"):
        for style in definitions.findall("style"):
            definitions.remove(style)
    _add_tips(root, tips or {})
    _rename_identifiers(root, identifier)
    for element in root.iter():
        _restyle(element)
    width, height = root.get("width", ""), root.get("height", "")
    view = root.get("viewBox", f"0 0 {width.rstrip('pt')} {height.rstrip('pt')}")
    root.attrib.clear()
    root.attrib.update(
        {"class": "plot", "viewBox": view, "role": "img", "aria-label": plain(label, 1000)}
    )
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _strip_namespaces(root: ElementTree.Element) -> None:
    for element in root.iter():
        element.tag = element.tag.rsplit("}", 1)[-1]
        for name in [name for name in element.attrib if "}" in name]:
            element.attrib[name.rsplit("}", 1)[-1]] = element.attrib.pop(name)


def _add_tips(root: ElementTree.Element, tips: Mapping[str, str]) -> None:
    for element in root.iter("g"):
        tip = tips.get(element.get("id", ""))
        if tip is not None:
            title = ElementTree.Element("title")
            title.text = plain(tip, 500)
            element.insert(0, title)


def _rename_identifiers(root: ElementTree.Element, prefix: str) -> None:
    used: set[str] = set()
    for element in root.iter():
        if element.get("href", "").startswith("#"):
            used.add(element.attrib["href"][1:])
        for value in element.attrib.values():
            used.update(_REFERENCE.findall(value))
    names = {name: f"{prefix}-{index}" for index, name in enumerate(sorted(used))}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in names:
            element.set("id", names[old])
        if element.get("href", "").startswith("#"):
            element.set("href", "#" + names[element.attrib["href"][1:]])
        for name, value in element.attrib.items():
            if "url(#" in value:
                element.set(name, _REFERENCE.sub(lambda hit: f"url(#{names[hit.group(1)]})", value))


def _restyle(element: ElementTree.Element) -> None:
    """Colours as variables, the page's own typeface, and no more digits than a screen shows."""
    for name, value in element.attrib.items():
        if name == "style":
            value = _FONT_FAMILY.sub("", value)
            value = _COLOUR.sub(lambda hit: _VARIABLE.get(hit.group(0), hit.group(0)), value)
        elif name in ("d", "x", "y", "transform"):
            value = _LONG_NUMBER.sub(_short, value.replace("\n", " "))
        element.set(name, value.strip())


def _short(number: re.Match[str]) -> str:
    return f"{float(number.group(0)):.2f}"
