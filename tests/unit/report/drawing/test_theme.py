"""Colours that everybody can read and tell apart, in light and dark."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spikefuse import report
from spikefuse.report.drawing import theme

Colour = NDArray[np.float64]
PALETTES = {"light": theme.LIGHT, "dark": theme.DARK}
# Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", 2009, severity 1, on linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]
    ),
    "deuteranopia": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]
    ),
    "tritanopia": np.array(
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]
    ),
}


def linear(colour: str) -> Colour:
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(weights @ linear(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: Colour) -> Colour:
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = matrix @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def style_variables() -> dict[str, Mapping[str, str]]:
    """The colours that only the style sheet has, light and dark."""
    text = (Path(report.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    )
    return {"light": light, "dark": dark}


def test_palettes_have_the_same_names_and_no_colour_twice() -> None:
    assert theme.LIGHT.keys() == theme.DARK.keys()
    # Inside the page a colour is recognised by its light form.
    assert len(set(theme.LIGHT.values())) == len(theme.LIGHT)


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize(
    "role", ["ink", "muted", "image", "audio", "fused", "mean", *theme.FURTHER]
)
def test_every_role_has_text_contrast_on_a_card_and_on_the_page(name: str, role: str) -> None:
    palette = PALETTES[name]

    assert contrast(palette[role], palette["card"]) >= 4.5
    assert contrast(palette[role], style_variables()[name]["page"]) >= 4.5


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("role", ["link", "yes", "no", "open"])
def test_links_and_verdicts_have_text_contrast(name: str, role: str) -> None:
    variables = style_variables()[name]

    assert contrast(variables[role], PALETTES[name]["card"]) >= 4.5
    assert contrast(variables["warn-ink"], variables["warn-back"]) >= 7


@pytest.mark.parametrize("name", PALETTES)
def test_text_keeps_its_contrast_on_every_shade(name: str) -> None:
    palette = PALETTES[name]
    shades = theme.shades(palette)

    assert len(shades) == 8 * theme.SHADES
    for shade, colour in shades.items():
        assert contrast(palette["ink"], colour) >= 4.5, shade
    for role in ("image", "audio", "fused", "ink", *theme.FURTHER):
        steps = [contrast(shades[f"{role}-{n}"], palette["card"]) for n in range(1, 7)]
        assert steps == sorted(steps)
        assert steps[-1] > 1.4


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("back", ["band", "card", "page"])
def test_quiet_text_and_links_are_readable_wherever_they_stand(name: str, back: str) -> None:
    palette = {**PALETTES[name], **style_variables()[name]}

    for role in ("ink", "muted", "link", "yes", "no", "open"):
        assert contrast(palette[role], palette[back]) >= 4.5, role


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_modalities_differ_for_every_eye(name: str, deficiency: str) -> None:
    seen = [
        lab(DEFICIENCIES[deficiency] @ linear(PALETTES[name][role]))
        for role in ("image", "audio", "fused")
    ]

    # Tritanopia is rare (1 in 10,000), and marker shapes repeat the meaning.
    least = 12 if deficiency == "tritanopia" else 25
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(seen[first] - seen[second]) > least


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_further_modalities_differ_for_every_eye_too(name: str, deficiency: str) -> None:
    roles = ("image", "audio", "fused", *theme.FURTHER)
    seen = [lab(DEFICIENCIES[deficiency] @ linear(PALETTES[name][role])) for role in roles]

    for place, first in enumerate(seen):
        assert all(np.linalg.norm(first - second) > 12 for second in seen[place + 1 :])


def test_modalities_of_any_name_have_a_colour_and_a_mark_of_their_own() -> None:
    roles = theme.roles(["touch", "image", "sound", "radar", "smell", "fused"])
    assert (roles["image"], roles["fused"]) == ("image", "fused")
    assert len(set(roles.values())) == len(roles)
    assert set(roles.values()) <= set(theme.LIGHT) & set(theme.MARKER) & set(theme.GLYPH)


def test_each_role_has_a_marker_of_its_own() -> None:
    markers = [theme.MARKER[role] for role in ("image", "audio", "fused", "mean", *theme.FURTHER)]

    assert len(set(markers)) == 8
