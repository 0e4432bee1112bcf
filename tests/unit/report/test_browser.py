"""A look at the report in a real browser, where one is installed."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikefuse.report import build_report
from spikefuse.report.drawing import theme
from spikefuse.report.reading.sources import Trial
from spikefuse.report.reading.stored import Arrays, Shelf

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
# Ten ways to act, each in ten places where text might end up: a hundred strings.
ACTS = (
    "<script>document.title='hit'</script>",
    "<img src=x onerror=\"document.title='hit'\">",
    "<svg onload=\"document.title='hit'\">",
    "<svg><script>document.title='hit'</script></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='hit'</script>\"></iframe>",
    "<body onload=document.title='hit'>",
    "<input autofocus onfocus=document.title='hit'>",
    "<details open ontoggle=document.title='hit'>",
    "<a href=\"javascript:document.title='hit'\">x</a>",
    "<style>@import 'data:text/css,*{display:none}'</style>",
)
PLACES = (
    "{}",
    "\"'>{}",
    "</title>{}",
    "</style>{}",
    "</text></svg>{}",
    "]]>{}<![CDATA[",
    "-->{}<!--",
    "</caption></table></td>{}",
    "{{{{ [].__class__ }}}}{{% raw %}}{}",
    "&lt;/code&gt;&#60;/pre>{}",
)
HOSTILE = tuple(place.format(act) for act in ACTS for place in PLACES)


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
    pixels = screenshot(built, tmp_path, "--window-size=1200,7500")

    for role in ("image", "audio", "fused", "ink", "card"):
        assert count(pixels, theme.LIGHT[role]) > 100, role


def test_dark_page_has_dark_cards_and_bright_marks(built: Any, tmp_path: Path) -> None:
    dark = "--blink-settings=preferredColorScheme=0"
    pixels = screenshot(built, tmp_path, "--window-size=1200,7500", dark)

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


def test_hostile_text_executes_nothing(
    synthetic: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the run's, the data set's, speakers', readings' and claims' names, and in trials."""
    assert len(set(HOSTILE)) == 100
    text = " ".join(HOSTILE)
    record: dict[str, object] = dict.fromkeys(("title", "banner", "source", "finished"), text)
    record |= {"command": f"spikefuse reproduce --out {shlex.quote(text)}"}
    record |= {text: {text: text}, "provenance": {text: text}}
    synthetic.write_run(
        tmp_path,
        seeds=2,
        epochs=1,
        studies=("model-size",),
        record=record,
        speakers=HOSTILE,
        readings=HOSTILE,
    )
    claims = [{"id": each, "statement": each, "verdict": each, "rule": each} for each in HOSTILE]
    (tmp_path / "claims.json").write_text(json.dumps(claims), encoding="utf-8")
    observations = Shelf.observations

    def disguised(self: Shelf, trial: Trial) -> Arrays:
        """Layers with hostile names: a folder may come from anywhere."""
        stored = observations(self, trial)
        return {name.replace("conv1", HOSTILE[4]): value for name, value in stored.items()}

    monkeypatch.setattr(Shelf, "observations", disguised)
    page = build_report(tmp_path, tmp_path / "report.html")

    dom = browse(tmp_path / "profile", page, "--dump-dom")

    for name in ("speakers", "sensitivity", "controls", "rasters", "steps", "confusion"):
        assert f'<section id="{name}"' in dom, name
    assert "<title>&lt;script&gt;document.title=" in dom
    assert not re.search(r"<(script|img|iframe|input|svg onload|details open on)", dom)
    assert not re.search(r"<title>(hit|1)|<a href=.javascript", dom)
    assert dom.count("<style>") == 1
    assert "__class__" in dom
