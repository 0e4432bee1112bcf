"""Every kind of fusion keeps its contract: declared shapes are the shapes that come out."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS

SHAPES = {"image": (1, 6, 6), "audio": (2, 6, 6)}


@pytest.mark.parametrize("name", [name for name in FUSIONS if name != "none"])
def test_declared_shapes_come_out(name: str) -> None:
    fusion = FUSIONS[name]
    inputs = {m: torch.rand(3, 1, 5, h, w, c) for m, (c, h, w) in SHAPES.items()}
    branches = fusion.branches(SHAPES)
    joined = fusion.join_inputs(inputs)
    assert joined.keys() == branches.keys()
    for branch, (c, h, w) in branches.items():
        assert joined[branch].shape == (3, 1, 5, h, w, c)
    widths = {branch: 7 + i for i, branch in enumerate(branches)}
    heads = fusion.heads(widths)
    features = fusion.join_features({b: torch.rand(3, 4, 5, n) for b, n in widths.items()})
    assert features.keys() == heads.keys()
    for head, n in heads.items():
        assert features[head].shape == (3, 4, 5, n)
    logits = fusion.join_logits({head: torch.rand(3, 5, 10) for head in heads})
    assert logits.shape == (3, 5, 10)


def test_early_fusion_concatenates_in_order() -> None:
    features = {"image": torch.zeros(1, 1, 1, 2), "audio": torch.ones(1, 1, 1, 3)}
    assert FUSIONS["early"].join_features(features)["fused"].flatten().tolist() == [0, 0, 1, 1, 1]


def test_late_fusion_is_the_mean_of_logits() -> None:
    logits = {"image": torch.zeros(1, 1, 10), "audio": torch.ones(1, 1, 10)}
    assert (FUSIONS["late"].join_logits(logits) == 0.5).all()


def test_input_fusion_needs_one_size() -> None:
    with pytest.raises(InputError, match="share height and width"):
        FUSIONS["input"].branches({"image": (1, 6, 6), "audio": (1, 6, 8)})
