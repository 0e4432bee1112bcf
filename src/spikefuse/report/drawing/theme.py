"""Colours, markers and drawing defaults: one meaning each, everywhere in the report.

Every colour is drawn in its light form. Inside the page that form is replaced by a style-sheet
variable of the same name (`svg.py`), so that one drawing serves light and dark.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

# Blue, orange and green in the order of Okabe and Ito's colour-blind-safe set, darkened until
# each has a contrast of 4.5 on white; a marker shape repeats the meaning for print.
LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#1c2126",
        "muted": "#5a626b",
        "line": "#dcdfe3",
        "band": "#f4f5f7",
        "card": "#ffffff",
        "image": "#0b63ab",
        "audio": "#b84e08",
        "fused": "#00805e",
        "mean": "#6e6a80",
        "further-1": "#3a10e0",
        "further-2": "#4a3a00",
        "further-3": "#8c0f3c",
        "further-4": "#1f2a6b",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "ink": "#e9ecef",
        "muted": "#a9b2bc",
        "line": "#363d45",
        "band": "#20262c",
        "card": "#191e23",
        "image": "#6db8f7",
        "audio": "#ffa45e",
        "fused": "#3fd6a4",
        "mean": "#b9b3cf",
        "further-1": "#fcf10b",
        "further-2": "#9a68fe",
        "further-3": "#738fa4",
        "further-4": "#cf6d5a",
    }
)

# The role of each hue level; a level that is not here is drawn in ink.
ROLE: Mapping[str, str] = MappingProxyType(
    {"image": "image", "audio": "audio", "fused": "fused", "unimodal mean": "mean"}
)
FURTHER = ("further-1", "further-2", "further-3", "further-4")
"""Roles of modalities that have none of their own, in the order of the run's networks."""
MARKER: Mapping[str, str] = MappingProxyType(
    {"image": "s", "audio": "^", "fused": "o", "mean": "P", "ink": "o"}
    | dict(zip(FURTHER, ("D", "v", "X", "p"), strict=True))
)
GLYPH: Mapping[str, str] = MappingProxyType(
    {"image": "\u25a0", "audio": "\u25b2", "fused": "\u25cf", "mean": "\u271a", "ink": "\u25cf"}
    | dict(zip(FURTHER, ("\u25c6", "\u25bc", "\u2716", "\u2b1f"), strict=True))
)
"""The marker in a legend of text."""

SHADES = 6
"""Steps from the card's colour towards a role's, as backgrounds of cells with text in them."""
# How far the last step goes: text in ink keeps a contrast of 4.5 on it, light and dark.
_LAST_SHADE: Mapping[str, float] = MappingProxyType(
    {"image": 0.4, "audio": 0.4, "fused": 0.4, "ink": 0.3} | dict.fromkeys(FURTHER, 0.3)
)

SANS = ("Inter", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")


def roles(modalities: Iterable[str]) -> dict[str, str]:
    """A role for each modality of a run: its own where it has one, else the next further one.

    Example:
        >>> roles(["image", "touch", "sound", "fused"])
        {'image': 'image', 'touch': 'further-1', 'sound': 'further-2', 'fused': 'fused'}
    """
    names = list(modalities)
    others = [name for name in names if name not in ROLE]
    return {
        name: ROLE[name] if name in ROLE else FURTHER[others.index(name) % len(FURTHER)]
        for name in names
    }


def shades(palette: Mapping[str, str]) -> dict[str, str]:
    """Backgrounds `ROLE-1` to `ROLE-6` of a palette, from faint to strong.

    Example:
        >>> shades(LIGHT)["image-6"]
        '#9dc1dd'
    """
    return {
        f"{name}-{step}": _mix(palette["card"], palette[name], last * step / SHADES)
        for name, last in _LAST_SHADE.items()
        for step in range(1, SHADES + 1)
    }


def _mix(first: str, second: str, part: float) -> str:
    """A colour between two, `part` of the way to the second one."""
    channels = (
        round((1 - part) * int(first[i : i + 2], 16) + part * int(second[i : i + 2], 16))
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def rc(*, text_as_text: bool, salt: str) -> dict[Any, Any]:
    """Matplotlib settings for one drawing, to be used with `matplotlib.rc_context`.

    Args:
        text_as_text: Keep text as text (inside the page) or turn it into outlines (files).
        salt: Seeds the identifiers inside an SVG, which makes them repeatable and distinct.
    """
    return {
        # Metrics come from the font that matplotlib ships, so a drawing is the same everywhere.
        "font.family": ["DejaVu Sans"],
        "font.size": 10.5,
        "text.color": LIGHT["ink"],
        "text.parse_math": False,
        "axes.edgecolor": LIGHT["muted"],
        "axes.labelcolor": LIGHT["muted"],
        "axes.facecolor": "none",
        "axes.unicode_minus": True,
        "axes.linewidth": 0.8,
        "xtick.color": LIGHT["muted"],
        "xtick.labelcolor": LIGHT["ink"],
        "ytick.color": LIGHT["muted"],
        "ytick.labelcolor": LIGHT["muted"],
        "figure.facecolor": "none",
        "figure.dpi": 72.0,
        "savefig.facecolor": "none",
        "svg.fonttype": "none" if text_as_text else "path",
        "svg.hashsalt": salt,
        "pdf.fonttype": 42,
        "path.simplify": True,
    }
