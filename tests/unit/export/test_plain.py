"""The plain PyTorch form of a network, and the port that docs/use-a-network.md shows."""

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from spikefuse.core.errors import InputError
from spikefuse.export.plain import in_pytorch_order, plain_network
from spikefuse.fusion import FUSIONS
from spikefuse.networks import NetworkSpec, build
from spikefuse.neurons import NeuronSpec

ROOT = Path(__file__).resolve().parents[3]
TWO = {"sight": (1, 8, 8), "sound": (1, 8, 8)}
UNEQUAL = {"sight": (3, 8, 8), "sound": (1, 8, 12)}
THREE = UNEQUAL | {"touch": (2, 12, 8)}


def spec_of(
    shapes: dict = TWO,
    *,
    reset: str = "soft",
    model: str = "lif",
    threshold: float = 1.0,
    **more,
) -> NetworkSpec:
    settings = {"budget": 60_000, "time_steps": 4, "classes": 5} | more
    if len(shapes) > 1:
        settings.setdefault("fusion", "early")
    neuron = NeuronSpec(model=model)
    if model != "relu":
        neuron = NeuronSpec(model=model, reset=reset, threshold=threshold)
    return NetworkSpec(input_shapes=shapes, neuron=neuron, **settings)


def inputs_of(spec: NetworkSpec, batch: int = 6) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        name: 2 * torch.rand(batch, *shape, generator=generator)
        for name, shape in spec.input_shapes.items()
    }


def weigh(network: torch.nn.Module) -> None:
    """Learned weights of modalities that are not all the same."""
    for name, parameter in network.named_parameters():
        if name.endswith("share"):
            parameter.data.copy_(torch.linspace(0.8, -0.5, parameter.shape[-1]))


CASES = {
    "early": spec_of(),
    "hard": spec_of(reset="hard"),
    "none": spec_of(reset="none"),
    "if": spec_of(model="if", reset="hard"),
    "plif": spec_of(model="plif"),
    "late": spec_of(fusion="late"),
    "late-weighted": spec_of(fusion="late-weighted"),
    "hybrid": spec_of(fusion="hybrid"),
    "hybrid-product": spec_of(fusion="hybrid-product"),
    "late-product": spec_of(fusion="late-product"),
    "experts": spec_of(fusion="experts"),
    "gated": spec_of(fusion="gated"),
    "attention": spec_of(fusion="attention", threshold=0.1),
    "unequal gated": spec_of(THREE, budget=150_000, fusion="gated"),
    "unequal attention": spec_of(
        THREE, budget=150_000, fusion="attention", threshold=0.1, reset="hard"
    ),
    "attention plif": spec_of(
        THREE, budget=150_000, fusion="attention", threshold=0.1, model="plif"
    ),
    "gated dense": spec_of(
        THREE, budget=150_000, fusion="gated", network="dnn", model="relu", time_steps=1
    ),
    "attention dense": spec_of(
        THREE, budget=150_000, fusion="attention", network="dnn", model="relu", time_steps=1
    ),
    "attention without convolutions": spec_of(
        THREE, budget=150_000, fusion="attention", plan="mlp", threshold=0.1
    ),
    "products of counts": spec_of(fusion="late-product", readout="spike-count", threshold=0.2),
    "input": spec_of(fusion="input"),
    "unequal": spec_of(UNEQUAL),
    "one": spec_of({"sight": (3, 9, 8)}),
    "counting": spec_of(readout="spike-count", threshold=0.2),
    "dense": spec_of(network="dnn", model="relu", time_steps=1),
    "no convolutions": spec_of(plan="mlp"),
}


@pytest.mark.parametrize("spec", CASES.values(), ids=CASES)
def test_plain_logits_are_ours(spec) -> None:
    network = build(spec, 1).eval()
    weigh(network)
    if spec.neuron.model == "plif":
        for number, activation in enumerate(network.activations.values()):
            activation.neurons.leak_logit.data.fill_(0.5 + number / 4)
    inputs = inputs_of(spec)
    with torch.no_grad():
        ours = network({name: x[None] for name, x in inputs.items()})[0]
        plain = plain_network(spec, network.member_state(0))(*inputs.values())

    assert ours.abs().max() > 0.01
    torch.testing.assert_close(plain, ours, rtol=0, atol=1e-6)


def test_every_kind_of_fusion_has_a_case() -> None:
    assert {spec.fusion for spec in CASES.values()} == set(FUSIONS)


def test_attention_of_the_cases_tells_something() -> None:
    """Were the layers of the fusion silent, early fusion would pass for it."""
    for name in ("attention", "unequal attention", "attention plif"):
        spec = CASES[name]
        weights, inputs = build(spec, 1).member_state(0), inputs_of(spec)
        with torch.no_grad():
            logits = plain_network(spec, weights)(*inputs.values())
            for layer, weight in weights.items():
                if layer.startswith("fusion.") and ".told." in layer:
                    weight.fill_(-1)
            silent = plain_network(spec, weights)(*inputs.values())
        assert (logits - silent).abs().max() > 1e-3, name


def test_without_the_permutation_the_logits_are_wrong() -> None:
    spec = CASES["one"]
    network = build(spec, 1).eval()
    weights, inputs = network.member_state(0), inputs_of(spec)
    plain = plain_network(spec, weights)
    with torch.no_grad():
        right = plain(*inputs.values())
        plain.layers["sight_hidden"].weight.copy_(weights["sight.hidden.weight"])
        assert (plain(*inputs.values()) - right).abs().max() > 1e-3


def test_columns_of_several_branches_stay_apart() -> None:
    weight = torch.arange(10.0)[None]
    found = in_pytorch_order(weight, {"a": (2, 1, 3), "b": (2, 2, 1)})
    assert found.tolist() == [[0, 2, 4, 1, 3, 5, 6, 8, 7, 9]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": "rate"}, "encoder.*rate: unsupported"),
    ],
)
def test_what_it_cannot_say_is_refused(changes, message) -> None:
    spec = spec_of(**changes)
    with pytest.raises(InputError, match=message):
        plain_network(spec, build(spec, 1).member_state(0))


def test_the_port_of_the_page_gives_our_logits(tmp_path) -> None:
    page = (ROOT / "docs" / "use-a-network.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"<!-- port -->\n```python\n(.*?)```", page, re.DOTALL)
    lines = [line for line in code.splitlines() if line.strip()]
    said = int(re.search(r"runs these (\d+) lines", page)[1])
    assert len(lines) == said <= 25
    names: dict = {}
    exec(code, names)

    spec = spec_of({"image": (1, 28, 28), "audio": (1, 28, 28)}, budget=200_000)
    network = build(spec, 1).eval()
    save_file(network.member_state(0), tmp_path / "weights.safetensors")
    trial = {"leak": 0.9, "threshold": 1.0, "time_steps": 4}
    (tmp_path / "trial.json").write_text(json.dumps(trial))
    inputs = inputs_of(spec, 10)
    with torch.no_grad():
        ours = network({name: x[None] for name, x in inputs.items()})[0]
        found = names["run"](str(tmp_path), inputs)
    torch.testing.assert_close(found, ours, rtol=0, atol=1e-6)
