"""A look at the report in a real browser, where one is installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikefuse.report import theme

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
HOSTILE = (
    "<script>document.title='hit'</script>",
    "<img src=x onerror=\"document.title='hit'\">",
    '"><svg onload="document.title=\'hit\'">',
    "' autofocus onfocus='document.title=1' x='",
    "</style><script>document.title='hit'</script>",
    "</title><body onload=document.title='hit'>",
    "javascript:document.title='hit'",
    "{{ [].__class__ }}",
    "]]><script>document.title='hit'</script>",
    "&lt;script&gt;document.title='hit'&lt;/script&gt;",
)


def browse(profile: Path, page: Path, *options: str) -> str:
    assert BROWSER is not None
    command = [
        BROWSER,
        *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={profile}",
        *options,
        page.as_uri(),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # Chromium refuses its sandbox to the superuser
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    return done.stdout.decode(errors="replace")


def screenshot(built: Any, tmp_path: Path, *options: str) -> np.ndarray:
    picture = tmp_path / "screen.png"
    page = built.root / "report.html"
    browse(tmp_path / "profile", page, f"--screenshot={picture}", *options)
    return np.asarray(Image.open(picture).convert("RGB"), dtype=np.int64)


def count(pixels: np.ndarray, colour: str) -> int:
    """How many pixels have exactly that colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((pixels == wanted).all(axis=-1).sum())


def test_light_page_shows_all_three_modalities(built: Any, tmp_path: Path) -> None:
    pixels = screenshot(built, tmp_path, "--window-size=1200,5500")

    for role in ("image", "audio", "fused", "ink", "card"):
        assert count(pixels, theme.LIGHT[role]) > 100, role


def test_dark_page_has_dark_cards_and_bright_marks(built: Any, tmp_path: Path) -> None:
    dark = "--blink-settings=preferredColorScheme=0"
    pixels = screenshot(built, tmp_path, "--window-size=1200,5500", dark)

    for role in ("image", "audio", "fused", "ink", "card"):
        assert count(pixels, theme.DARK[role]) > 100, role
    assert count(pixels, theme.LIGHT["card"]) < 100


def test_a_phone_never_scrolls_sideways(built: Any, tmp_path: Path) -> None:
    """Inside a frame of phone width: a window of Chromium is never narrower than 500 pixels."""
    frame = tmp_path / "frame.html"
    source = (built.root / "report.html").as_uri()
    frame.write_text(
        f'<body style="margin:0"><iframe id="f" src="{source}" width="390" height="800"></iframe>'
        "<script>onload=()=>{const d=document.getElementById('f').contentDocument;"
        "document.title=d.documentElement.scrollWidth+'/'+d.documentElement.clientWidth}</script>"
    )

    dom = browse(tmp_path / "profile", frame, "--dump-dom", "--allow-file-access-from-files")

    width, room = map(int, re.search(r"<title>(\d+)/(\d+)</title>", dom).groups())  # type: ignore[union-attr]
    assert room <= 390
    assert width <= room


def test_hostile_text_executes_nothing(build: Callable[..., Any], tmp_path: Path) -> None:
    text = " ".join(HOSTILE)
    names = dict.fromkeys(("title", "banner", "profile", "command", "finished"), text)
    made = build(seeds=1, epochs=1, studies=("reset",), record=names | {text: {text: text}})

    dom = browse(tmp_path / "profile", made.root / "report.html", "--dump-dom")

    assert "<title>&lt;script&gt;document.title=" in dom
    assert not re.search(r"<script|<img|<svg onload|<title>(hit|1)", dom)
    assert "__class__" in dom
