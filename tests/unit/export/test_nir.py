"""NIR graphs of our networks read back are our networks; graphs of others run as NIR says."""

import importlib.util

import numpy as np
import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.export.plain import plain_network
from spikefuse.meters import Meter, Subject
from spikefuse.networks import NetworkSpec, build

from .test_plain import CASES, UNEQUAL, inputs_of, spec_of, weigh

if importlib.util.find_spec("nir") is None:
    pytest.skip("nir is not installed: pip install 'spikefuse[nir]'", allow_module_level=True)

import nir

from spikefuse.export.nir_read import NirNetwork, read_nir
from spikefuse.export.nir_write import nir_graph


class Hidden(Meter):
    """Spikes of the hidden layers, [T, B, n] channels first."""

    def __init__(self, sites: tuple[str, ...]) -> None:
        super().__init__(Subject(1, sites))
        self.seen: dict[str, torch.Tensor] = {}

    def update(self, site: str, output: torch.Tensor) -> None:
        self.seen[site] = output[0].movedim(-1, 2).flatten(2)


def shown(network: NirNetwork, inputs: dict) -> dict:
    """Inputs by the graph's names: side by side as channels, or each its own."""
    if network.inputs == ["input"]:
        return {"input": torch.cat(list(inputs.values()), dim=1)}
    return {f"input_{name}": x for name, x in inputs.items()}


def both(spec: NetworkSpec, path, reset: str = "refuse") -> tuple:
    """Our logits and hidden spikes, and those of the graph written and read back."""
    ours = build(spec, 1).eval()
    weigh(ours)
    inputs, meter = inputs_of(spec, 8), Hidden(ours.hidden_sites)
    with torch.no_grad():
        logits = ours({n: x[None] for n, x in inputs.items()}, meters=(meter,))[0]
    nir.write(str(path), nir_graph(plain_network(spec, ours.member_state(0)), reset, "told"))
    found = read_nir(path)
    output, spikes = found.run(shown(found, inputs), spec.time_steps)
    seen = {
        n: x
        for n, x in meter.seen.items()
        if spec.fusion not in ("hybrid", "experts") or n == "fused.hidden"
    }
    return logits, seen, output.mean(dim=0).flatten(1), spikes, found


HARD = {
    "early": spec_of(reset="hard"),
    "one": spec_of({"sight": (3, 9, 8)}, reset="hard"),
    "late": spec_of(fusion="late", reset="hard"),
    "input": spec_of(fusion="input", reset="hard"),
    "unequal": spec_of(UNEQUAL, reset="hard"),
    "weighted": spec_of(fusion="late-weighted", reset="hard"),
    "unequal weighted": spec_of(UNEQUAL, reset="hard", fusion="late-weighted"),
    "hybrid": spec_of(fusion="hybrid", reset="hard"),
    "unequal hybrid": spec_of(UNEQUAL, reset="hard", fusion="hybrid", threshold=0.2),
    "experts": spec_of(fusion="experts", reset="hard"),
    "unequal late": spec_of(UNEQUAL, reset="hard", fusion="late"),
    "counting": spec_of(readout="spike-count", reset="hard", threshold=0.2),
    "integrating": spec_of(model="if", reset="hard"),
    "no convolutions": spec_of(plan="mlp", reset="hard"),
}


@pytest.mark.parametrize("spec", HARD.values(), ids=HARD)
def test_a_hard_reset_is_read_back_spike_for_spike(spec, tmp_path) -> None:
    logits, ours, found, spikes, _ = both(spec, tmp_path / "x.nir")

    torch.testing.assert_close(found, logits, rtol=0, atol=2e-6)
    hidden = [each for site, each in ours.items() if site.endswith(".hidden")]
    sent = [s.flatten(2) for n, s in sorted(spikes.items()) if n.endswith("hidden_neurons")]
    assert torch.equal(torch.cat(hidden, dim=2), torch.cat(sent, dim=2))
    assert torch.cat(hidden, dim=2).sum() > 0


@pytest.mark.parametrize("name", ["early", "late", "late-weighted", "hybrid", "unequal", "if"])
def test_the_exact_form_of_a_soft_reset_is_the_same_network(name, tmp_path) -> None:
    spec = spec_of(model="if") if name == "if" else CASES[name]
    logits, ours, found, spikes, _ = both(spec, tmp_path / "x.nir", "exact")

    torch.testing.assert_close(found, logits, rtol=0, atol=2e-6)
    hidden = [each for site, each in ours.items() if site.endswith(".hidden")]
    sent = [s.flatten(2) for n, s in sorted(spikes.items()) if n.endswith("hidden_neurons")]
    assert torch.equal(torch.cat(hidden, dim=2), torch.cat(sent, dim=2))


def test_a_plain_lif_of_a_soft_reset_is_another_network(tmp_path) -> None:
    logits, _, found, _, graph = both(CASES["early"], tmp_path / "x.nir", "lif")

    assert (found - logits).abs().max() > 1e-3
    assert graph.metadata["spikefuse"] in ("told", b"told")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("early", "soft reset"),
        ("none", "without a reset"),
        ("dense", "no rectifier"),
        ("gated", "no node that multiplies two values"),
        ("attention", "no product of spikes"),
        ("late-product", "no product of probabilities"),
        ("hybrid-product", "no product of probabilities"),
    ],
)
def test_what_nir_cannot_say_is_refused_with_the_reason(name, message) -> None:
    spec = CASES[name]
    with pytest.raises(InputError, match=message):
        nir_graph(plain_network(spec, build(spec, 1).member_state(0)))


def test_a_graph_of_others_runs_as_nir_says(tmp_path) -> None:
    one = np.ones(3, np.float32)
    lif = nir.LIF(tau=2e-4 * one, r=2 * one, v_leak=0 * one, v_threshold=one, v_reset=-one)
    graph = nir.NIRGraph(
        nodes={
            "in": nir.Input(input_type={"input": np.array([1, 2, 2])}),
            "pool": nir.AvgPool2d(
                kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])
            ),
            "flat": nir.Flatten(start_dim=0, end_dim=-1, input_type={"input": np.array([1, 1, 1])}),
            "weights": nir.Affine(weight=np.array([[1.0], [2.0], [4.0]]), bias=np.zeros(3)),
            "lif": lif,
            "out": nir.Output(output_type={"output": np.array([3])}),
        },
        edges=[
            *[("in", "pool"), ("pool", "flat"), ("flat", "weights")],
            *[("weights", "lif"), ("lif", "out")],
        ],
        metadata={},
    )
    nir.write(str(tmp_path / "o.nir"), graph)
    x = torch.tensor([0.0, 1.0, 0.0, 1.0]).view(1, 1, 2, 2)
    output, _ = read_nir(tmp_path / "o.nir").run({"in": x}, 4)

    # By hand: the mean is 0.5, v += 1/2 (2 I - v), fires above 1, back to -1.
    # I = 0.5: v = .5 .75 .875 .9375; I = 1: v = 1 1.5! .5 1.25!; I = 2: v = 2! 1.5! 1.5! 1.5!
    assert output[:, 0].tolist() == [[0, 0, 1], [0, 1, 1], [0, 0, 1], [0, 1, 1]]


def test_a_node_or_file_that_is_not_known_is_named(tmp_path) -> None:
    (tmp_path / "x.nir").write_bytes(b"no graph")
    with pytest.raises(InputError, match="must be a NIR graph"):
        read_nir(tmp_path / "x.nir")
    graph = nir.NIRGraph(
        nodes={"late": nir.Delay(delay=np.ones(1))}, edges=[], metadata={}, type_check=False
    )
    with pytest.raises(InputError, match=r"'late'.*got Delay"):
        NirNetwork(graph)
