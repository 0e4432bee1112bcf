"""Every kind of fusion keeps its contract: declared shapes are the shapes that come out."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.fusion import FUSIONS, Fusion, Parts
from spikefuse.fusion.contract import ANSWER
from spikefuse.networks.population import PopulationLayers, PopulationPlaces

SHAPES = {"image": (1, 6, 6), "audio": (2, 6, 6), "values": (3, 6, 6)}
MEMBERS, CLASSES = 3, 4
LOGITS = {
    "image": torch.tensor([[[0.0, 1.0, 2.0, 0.5]]]),
    "audio": torch.tensor([[[3.0, 0.0, -1.0, 0.5]]]),
}
KINDS = [name for name, kind in FUSIONS.items() if not kind.for_one]


def _made(name: str, features: dict[str, tuple[int, int, int]] | None = None) -> Fusion:
    """A fusion of three modalities, or of these features."""
    kind = FUSIONS[name]
    if features is None:
        branches = enumerate(kind.branches(SHAPES))
        features = {branch: (4 + i, 2, 1 + i) for i, branch in branches}
    parts = Parts(SHAPES, features, CLASSES)
    return kind(parts, PopulationLayers(list(range(MEMBERS)), fires=_responding))


def _responding(layer: PopulationPlaces) -> torch.nn.Module:
    """Stands in for a network's neurons."""
    return torch.nn.Sequential(layer, torch.nn.ReLU())


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
    made = kind(parts, PopulationLayers([0, 1], fires=_responding))
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


def test_late_experts_are_multiplied() -> None:
    """Class probabilities multiplied and divided by their sum."""
    wanted = LOGITS["image"].softmax(-1) * LOGITS["audio"].softmax(-1)
    joined = _made("late-product").join_logits(LOGITS)
    assert torch.allclose(joined.softmax(-1), wanted / wanted.sum(-1, keepdim=True))
    assert _made("late-product").losses(("image", "audio"), 1, 3) == ("image", "audio")


def test_late_weights_start_equal_and_are_each_members_own() -> None:
    fusion = _made("late-weighted", {"image": (2, 1, 1), "audio": (2, 1, 1)})
    logits = {name: x.expand(MEMBERS, 1, CLASSES) for name, x in LOGITS.items()}
    assert torch.allclose(fusion.join_logits(logits), _made("late").join_logits(logits))
    with torch.no_grad():
        fusion.shares["share"][1, 0] = 1.0
        fusion.shares["share"][2, 1] = -200.0
    found = fusion.join_logits(logits)
    first = 2.718281828 / (1 + 2.718281828)
    assert torch.allclose(found[1], first * logits["image"][1] + (1 - first) * logits["audio"][1])
    assert torch.allclose(found[2], logits["image"][2])
    assert torch.allclose(found[0], (logits["image"][0] + logits["audio"][0]) / 2)


def test_hybrid_answers_by_the_head_over_all() -> None:
    heads = {"fused": LOGITS["audio"] * 2, **LOGITS}
    assert torch.equal(_made("hybrid").join_logits(heads), heads["fused"])
    wanted = sum(x.log_softmax(-1) for x in heads.values())
    assert torch.allclose(_made("hybrid-product").join_logits(heads), wanted)
    for name in ("hybrid", "hybrid-product"):
        assert _made(name).losses(tuple(heads), 1, 1) == ("fused", "image", "audio")
    features = {"image": torch.zeros(1, 1, 1, 2), "audio": torch.ones(1, 1, 1, 3)}
    joined = _made("hybrid").join_features(features)
    assert joined["fused"].flatten().tolist() == [0, 0, 1, 1, 1]
    assert torch.equal(joined["image"], features["image"])


def test_experts_are_joined_after_half_of_the_epochs() -> None:
    kind, heads = FUSIONS["experts"], ("fused", "image", "audio")
    apart, joined = ("image", "audio"), ("fused",)
    for epochs, first in ((2, 1), (3, 1), (4, 2), (5, 2)):
        trained = [kind.losses(heads, epoch, epochs) for epoch in range(1, epochs + 1)]
        assert trained == [apart] * first + [joined] * (epochs - first)
        ready = [kind.is_ready(epoch, epochs) for epoch in range(1, epochs + 1)]
        assert ready == [False] * first + [True] * (epochs - first)


@pytest.mark.parametrize("name", ["early", "late", "gated", "input", "late-weighted", "attention"])
def test_others_have_one_loss(name: str) -> None:
    assert FUSIONS[name].losses(("a", "b"), 2, 3) == (ANSWER,)


def test_attention_by_a_plain_loop() -> None:
    """Two maps of other sizes over two steps: every place asks every place of the other map."""
    shapes = {"image": (3, 2, 1), "audio": (2, 1, 3)}
    fusion = _made("attention", shapes)
    generator = torch.Generator().manual_seed(2)
    spikes = {
        name: (torch.rand(MEMBERS, 2, 1, c * h * w, generator=generator) < 0.5).float()
        for name, (c, h, w) in shapes.items()
    }
    (joined,) = fusion.join_features(spikes).values()
    layers = {layer.name: layer for layer in fusion.weights.modules() if hasattr(layer, "weight")}

    def fired(name: str, member: int, x: torch.Tensor) -> torch.Tensor:
        layer = layers[f"fusion.{name}"]
        return (layer.weight[member] @ x + layer.bias[member]).clamp(min=0)

    for member in range(MEMBERS):
        for step in range(2):
            expected = []
            for name, other in (("image", "audio"), ("audio", "image")):
                own, told = (
                    spikes[each][member, :, 0].unflatten(-1, (-1, shapes[each][0]))
                    for each in (name, other)
                )
                for place in own[step]:
                    query = fired(f"{name}.query", member, place)
                    answer = torch.zeros(16)
                    for past in range(step + 1):
                        for asked in told[past]:
                            key = fired(f"{other}.key", member, asked)
                            answer += (query @ key) * fired(f"{other}.value", member, asked)
                    answer /= (step + 1) * len(told[0]) ** 0.5
                    expected.append(torch.maximum(place, fired(f"{name}.told", member, answer)))
            assert torch.allclose(joined[member, step, 0], torch.cat(expected), atol=1e-5)
