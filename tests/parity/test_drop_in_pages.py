"""`docs/from-snntorch.md` and `docs/from-spikingjelly.md`: before and after give the same spikes.

Ours always runs; the peer's side where it is installed.
"""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

DOCS = Path(__file__).resolve().parents[2] / "docs"
PEERS = {"snntorch": "from-snntorch.md", "spikingjelly": "from-spikingjelly.md"}


def snippets(page: str) -> list[tuple[str, str, str]]:
    """Title, the peer's code and ours, of each pair of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    pairs = re.findall(
        r"^### (.+?)\n.*?^```python\n# before\n(.*?)^```\n.*?^```python\n# after\n(.*?)^```",
        text,
        re.MULTILINE | re.DOTALL,
    )
    return [(title, before, after) for title, before, after in pairs]


CASES = [
    pytest.param(peer, before, after, id=f"{peer}: {title}")
    for peer, page in PEERS.items()
    for title, before, after in snippets(page)
]


def run(code: str) -> dict[str, Any]:
    """What a snippet leaves, with a current [T, B, N] that has no ties in it."""
    generator = torch.Generator().manual_seed(8)
    current = torch.randn(25, 3, 40, generator=generator) * 0.7 + 0.3
    names: dict[str, Any] = {"current": current.requires_grad_(), "torch": torch}
    exec(compile(code, "snippet", "exec"), names)
    return names


def test_pages_have_their_pairs() -> None:
    assert {peer: len(snippets(page)) for peer, page in PEERS.items()} == {
        "snntorch": 3,
        "spikingjelly": 4,
    }


@pytest.mark.parametrize(("peer", "before", "after"), CASES)
def test_ours_fires_and_learns(peer: str, before: str, after: str) -> None:
    found = run(after)
    found["spikes"].sum().backward()

    assert found["spikes"].shape == (25, 3, 40)
    assert set(found["spikes"].unique().tolist()) == {0.0, 1.0}
    assert found["current"].grad.abs().sum() > 0


@pytest.mark.parametrize(("peer", "before", "after"), CASES)
def test_same_spikes_and_gradients(peer: str, before: str, after: str) -> None:
    pytest.importorskip(peer)
    theirs, ours = run(before), run(after)
    assert not [name for name in sys.modules if name.split(".")[0] == "torchvision"]

    assert 0.05 < ours["spikes"].mean() < 0.95
    assert torch.equal(ours["spikes"], theirs["spikes"])
    for each in (ours, theirs):
        each["spikes"].sum().backward()
    torch.testing.assert_close(ours["current"].grad, theirs["current"].grad, atol=1e-5, rtol=1e-5)
