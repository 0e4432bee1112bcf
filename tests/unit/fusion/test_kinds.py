"""Every kind of fusion keeps its contract: declared shapes are the shapes that come out."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS, Fusion, Parts
from spikefuse.networks.population import PopulationLayers

SHAPES = {"image": (1, 6, 6), "audio": (2, 6, 6), "values": (3, 6, 6)}
MEMBERS, CLASSES = 3, 4
KINDS = [name for name, kind in FUSIONS.items() if not kind.for_one]


def _made(name: str, features: dict[str, tuple[int, int, int]] | None = None) -> Fusion:
    """A fusion of three modalities, or of these features."""
    kind = FUSIONS[name]
    if features is None:
        branches = enumerate(kind.branches(SHAPES))
        features = {branch: (4 + i, 2, 1 + i) for i, branch in branches}
    parts = Parts(SHAPES, features, CLASSES)
    return kind(parts, PopulationLayers(list(range(MEMBERS))))


@pytest.mark.parametrize("name", KINDS)
def test_declared_shapes_come_out(name: str) -> None:
    fusion = _made(name)
    inputs = {m: torch.rand(MEMBERS, 1, 5, h, w, c) for m, (c, h, w) in SHAPES.items()}
    branches = fusion.branches(SHAPES)
    joined = fusion.join_inputs(inputs)
    assert list(joined) == list(branches)
    for branch, (c, h, w) in branches.items():
        assert joined[branch].shape == (MEMBERS, 1, 5, h, w, c)
    widths = {branch: (4 + i) * 2 * (1 + i) for i, branch in enumerate(branches)}
    heads = fusion.heads(widths)
    features = fusion.join_features({b: torch.rand(MEMBERS, 4, 5, n) for b, n in widths.items()})
    assert list(features) == list(heads)
    for head, n in heads.items():
        assert features[head].shape == (MEMBERS, 4, 5, n)
    logits = fusion.join_logits({head: torch.rand(MEMBERS, 5, CLASSES) for head in heads})
    assert logits.shape == (MEMBERS, 5, CLASSES)


@pytest.mark.parametrize("name", FUSIONS)
def test_costs_are_the_weights(name: str) -> None:
    kind = FUSIONS[name]
    assert kind.title
    features = dict.fromkeys(kind.branches(SHAPES), (5, 2, 3))
    parts = Parts(SHAPES, features, CLASSES)
    made = kind(parts, PopulationLayers([0, 1]))
    parameters = made.weights.parameters() if made.weights else ()
    weights = sum(parameter.numel() for parameter in parameters)
    assert weights == 2 * sum(cost.parameters for cost in kind.costs(parts))


def test_early_fusion_concatenates_in_order() -> None:
    features = {"image": torch.zeros(1, 1, 1, 2), "audio": torch.ones(1, 1, 1, 3)}
    joined = _made("early").join_features(features)
    assert joined["fused"].flatten().tolist() == [0, 0, 1, 1, 1]


def test_late_fusion_is_the_mean_of_logits() -> None:
    logits = {"image": torch.zeros(1, 1, 10), "audio": torch.ones(1, 1, 10)}
    assert (_made("late").join_logits(logits) == 0.5).all()


def test_input_fusion_needs_one_size() -> None:
    with pytest.raises(InputError, match="share height and width"):
        FUSIONS["input"].branches({"image": (1, 6, 6), "audio": (1, 6, 8)})


def test_a_gate_by_hand() -> None:
    """Each channel is scaled, at every place, by a sigmoid of the other branch's channel means."""
    fusion = _made("gated", {"image": (2, 1, 2), "audio": (1, 1, 3)})
    image = torch.tensor([1.0, 0.0, 0.0, 1.0]).expand(MEMBERS, 1, 1, 4)  # places x channels
    audio = torch.tensor([1.0, 0.0, 0.0]).expand(MEMBERS, 1, 1, 3)
    (joined,) = fusion.join_features({"image": image, "audio": audio}).values()
    fusion.gates.requires_grad_(False)
    for member in range(MEMBERS):
        first, second = fusion.gates
        by_audio = torch.sigmoid(first.weight[member, :, 0] / 3 + first.bias[member])
        by_image = torch.sigmoid(second.weight[member, 0].sum() / 2 + second.bias[member])
        expected = [by_audio[0], 0, 0, by_audio[1], by_image[0], 0, 0]
        assert joined[member].flatten().tolist() == pytest.approx([float(x) for x in expected])


def test_every_modality_opens_the_others_gates() -> None:
    fusion = _made("gated")
    features = {b: torch.rand(MEMBERS, 1, 2, (4 + i) * 2 * (1 + i)) for i, b in enumerate(SHAPES)}
    (before,) = fusion.join_features(features).values()
    for name in SHAPES:
        (after,) = fusion.join_features(features | {name: features[name] / 2}).values()
        assert (after != before).all(), name
