"""What is beside the code for whoever cites it or comes back after a while."""

import re
import tomllib
from pathlib import Path

import spikefuse

ROOT = Path(__file__).resolve().parents[2]


def test_the_citation_is_of_this_software_and_of_the_paper() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = dict(re.findall(r"^([a-z-]+): *\"?(.*?)\"?$", text, re.MULTILINE))
    assert found["version"] == spikefuse.__version__
    assert found["title"].startswith("spikefuse")
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert found["license"] == package["license"]
    _, references = text.split("references:\n")
    assert 'title: "Performance Analysis of Multi-Modal Spiking Neural Networks"' in references


def test_changes_are_told_since_the_version_before() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings
    first = re.split(r"^## ", text, flags=re.MULTILINE)[1]
    assert headings[0] == "Unreleased" or headings[0].startswith(spikefuse.__version__)
    assert re.search(r"^- \S", first, re.MULTILINE)
