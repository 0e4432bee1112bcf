"""Cost models: prices by hand, fixtures of SpikingJelly's estimators, and a user's own file."""

from pathlib import Path

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.meters import costs
from spikefuse.meters.costs import COST_MODELS, CostModel, cost_model
from spikefuse.meters.counts import REAL, SPIKES, Counts, LayerCount, NeuronCount, Visits
from spikefuse.meters.energy import Energy, per_right_answer_pj, price
from spikefuse.meters.operations import Synapses, conv_synapses, linear_synapses

THREE_SPIKES = torch.tensor([[3]])


def layer(
    synapses: Synapses, events: torch.Tensor, source: str = SPIKES, is_static: bool = False
) -> LayerCount:
    """A layer whose every input has `fan_out.max()` weights."""
    visits = events * int(synapses.fan_out.max())
    return LayerCount(
        "layer", source, synapses.shape, (Visits("image", events, visits, visits),), is_static
    )


def linear(biases: int = 0) -> Synapses:
    return linear_synapses(torch.ones(4, 8), biases)


def components(energy: Energy) -> dict[str, float]:
    return {name: value.item() for name, value in energy.components_pj().items()}


def test_the_simple_estimate_of_a_linear_layer() -> None:
    energy = price(Counts((layer(linear(4), THREE_SPIKES),)), "horowitz-memory")

    assert components(energy) == pytest.approx(
        {"operations": 10.8, "weights": 48 * 24.96, "bias": 16 * 24.96}
    )
    assert energy.total_pj().item() == pytest.approx(10.8 + 1_597.44)


def test_lemaires_estimate_of_a_linear_layer() -> None:
    energy = price(Counts((layer(linear(), THREE_SPIKES),)), "lemaire-2022")

    assert components(energy) == pytest.approx(
        {
            "operations": 1.2,
            "addressing": 1.2,
            "input": 14.648,
            "weights": 1.875,
            "bias": 0,
            "state": 0.469,
        },
        abs=5e-4,
    )


@pytest.mark.parametrize(
    ("name", "mac", "ac", "word"),
    [
        ("horowitz-45nm", 4.6, 0.9, 4),
        ("horowitz-45nm-float16", 1.5, 0.4, 2),
        ("horowitz-45nm-int8", 0.23, 0.03, 1),
        ("horowitz-45nm-int32", 3.2, 0.1, 4),
        ("horowitz-memory", 4.6, 0.9, 4),
        ("lemaire-2022", 3.2, 0.1, 4),
    ],
)
def test_prices(name: str, mac: float, ac: float, word: float) -> None:
    model = COST_MODELS[name]

    assert (model.mac_pj, model.ac_pj, model.word_bytes) == (mac, ac, word)
    assert model.source
    assert model.process
    assert model.left_out


@pytest.mark.parametrize(
    ("kib", "price_pj"),
    [(0, 0), (4, 1.25), (8, 2.5), (20, 3.75), (32, 5), (528, 15), (1024, 25), (5000, 25)],
)
def test_a_bytes_price_by_the_size_of_its_buffer(kib: float, price_pj: float) -> None:
    assert COST_MODELS["lemaire-2022"].byte_pj(kib * 1024) == pytest.approx(price_pj)


def test_a_flat_price_and_none() -> None:
    assert COST_MODELS["horowitz-memory"].byte_pj(0) == 24.96
    assert COST_MODELS["horowitz-memory"].byte_pj(10**9) == 24.96
    assert COST_MODELS["horowitz-45nm"].byte_pj(10**9) == 0


def test_a_real_input_multiplies_all_pairs_also_those_of_zeros() -> None:
    energy = price(Counts((layer(linear(), THREE_SPIKES, REAL),)))

    assert components(energy)["operations"] == pytest.approx(32 * 4.6)


def test_lemaires_dense_convolution_by_hand() -> None:
    synapses = conv_synapses(torch.ones(2, 1, 3, 3), (1, 4, 4), padding=(1, 1, 1, 1), biases=2)
    energy = price(Counts((layer(synapses, torch.tensor([[16]]), REAL),)), "lemaire-2022")

    def byte(size: float) -> float:
        return size / 8192 * 2.5

    assert components(energy) == pytest.approx(
        {
            "operations": 200 * 3.2 + 32 * 0.1,
            "addressing": (16 + 32 + 18) * 0.1,
            "input": 200 * 4 * byte(16 * 4),
            "weights": 200 * 4 * byte(20 * 4),
            "bias": 32 * 4 * byte(20 * 4),
            "output": 32 * 4 * byte(32 * 4),
        }
    )


@pytest.mark.parametrize(("leaks", "multiplied"), [(True, 12), (False, 0)])
def test_lemaires_neurons_and_the_spikes_that_enter_a_convolution(leaks, multiplied) -> None:
    synapses = conv_synapses(torch.ones(2, 1, 1, 1), (1, 2, 3))
    spikes = torch.tensor([[2], [3]])
    fired = NeuronCount("layer", "image", 6, spikes, spikes, leaks)
    counts = Counts((layer(synapses, torch.tensor([[1], [2]])),), (fired,))
    energy = price(counts, "lemaire-2022")

    queue = 4000 / 8192 * 2.5
    assert components(energy) == pytest.approx(
        {
            "operations": 6 * 0.1 + 5 * 0.1 + multiplied * 3.2,
            "addressing": 6 * 0.1 + 2 * 3 * 3.2,
            "input": 3 * 4 * queue,
            "weights": 6 * 4 * (2 * 4 / 8192 * 2.5),
            "bias": 0,
            "state": 2 * 6 * 4 * (12 * 4 / 8192 * 2.5) + 2 * 12 * 4 * (6 * 4 / 8192 * 2.5),
            "neurons": 0,
            "output": 5 * 4 * queue,
        }
    )


@pytest.mark.parametrize("model", ["horowitz-45nm", "horowitz-memory", "lemaire-2022"])
def test_a_static_layer_once_costs_what_one_step_costs(model: str) -> None:
    events = torch.tensor([[8], [8], [8], [8]])
    static = Counts((layer(linear(4), events, REAL, is_static=True),))
    one_step = Counts((layer(linear(4), events[:1], REAL),))

    once = price(static, model, "once")
    assert once.total_pj().item() == pytest.approx(price(one_step, model).total_pj().item())
    assert price(static, model).total_pj().item() == pytest.approx(4 * once.total_pj().item())
    assert once.first_layer_pj().item() == once.total_pj().item()


def test_branches_share_what_they_enter_together_and_sum_to_all() -> None:
    def visits(branch: str, *events: int) -> Visits:
        each = torch.tensor([events])
        return Visits(branch, each, each * 4, each * 4)

    joint = LayerCount(
        "joint", SPIKES, linear().shape, (visits("image", 3, 0), visits("audio", 1, 0))
    )
    own = LayerCount("own", SPIKES, linear().shape, (visits("image", 2, 5),))
    energy = price(Counts((own, joint)), "horowitz-memory")
    branches = energy.branch_pj()

    assert energy.shares["joint"]["image"].tolist() == [0.75, 0.5]  # nobody caused: shared alike
    torch.testing.assert_close(branches["image"] + branches["audio"], energy.total_pj())
    torch.testing.assert_close(
        branches["audio"], energy.layer_pj("joint") * torch.tensor([0.25, 0.5])
    )


def test_energy_of_a_right_answer_carries_the_wrong_ones() -> None:
    spent, right = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([True, True, False])

    assert per_right_answer_pj(spent, right) == 3.0
    with pytest.raises(InputError, match="right must be true at least once"):
        per_right_answer_pj(spent, ~right & right)


OWN = """
name = "mine"
source = "measured here"
process = "22 nm"
precision = "int8"
left_out = "leakage"
mac_pj = 1.0
ac_pj = 0.5
update_pj = 2.0
"""


def own(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_users_own_model(tmp_path: Path) -> None:
    model = cost_model(own(tmp_path, OWN + "memory = [[0, 1], [100, 3]]\nword_bytes = 1\n"))
    spikes = torch.tensor([[1], [1]])
    counts = Counts(
        (layer(linear(), THREE_SPIKES),), (NeuronCount("n", "image", 4, spikes, spikes),)
    )

    assert model.byte_pj(50) == 2
    assert components(price(counts, model)) == pytest.approx(
        {
            "operations": 6,
            "weights": 12 * (1 + 32 / 50),
            "bias": 0,
            "neurons": 16,
            "state": 2 * 8 * (1 + 4 / 50),
        }
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.replace("mac_pj", "mac_pJ"), "got 'mac_pJ'. Did you mean mac_pj"),
        (OWN + "colour = 3", "key must be one of name, source"),
        (OWN.replace("1.0", "-1.0"), "mac_pj must be at least 0, got -1"),
        (OWN.replace("1.0", "inf"), "mac_pj must be a finite number"),
        (OWN.replace("mac_pj = 1.0", ""), "mac_pj must be given, got nothing"),
        (OWN + "memory = [[9, 1], [8, 2]]", "memory must list buffers by rising size"),
        (OWN + 'accounting = "lemair"', "Did you mean lemaire"),
        ("name = ", "file must be readable TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cost_model(own(tmp_path, text))


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean horowitz-45nm"):
        cost_model("horowitz45nm")
    with pytest.raises(InputError, match="file must be readable TOML"):
        cost_model("nowhere.toml")
    with pytest.raises(InputError, match="first_layer must be one of every-step, once"):
        price(Counts((layer(linear(), THREE_SPIKES),)), first_layer="never")


def test_a_model_of_ones_own_joins_the_registry(monkeypatch) -> None:
    monkeypatch.setattr(costs, "COST_MODELS", dict(COST_MODELS))
    mine = CostModel.model_validate({**COST_MODELS["horowitz-45nm"].model_dump(), "name": "mine"})

    assert costs.register_cost_model(mine) is costs.cost_model("mine")
    with pytest.raises(InputError, match="which is taken"):
        costs.register_cost_model(mine.model_copy(update={"name": "lemaire-2022"}))


@pytest.mark.parametrize("name", sorted(COST_MODELS))
def test_own_prices_bear_no_published_name(tmp_path: Path, name: str) -> None:
    text = OWN.replace(OWN.split('"')[1], name, 1)
    with pytest.raises(InputError, match=f"name must be one of its own, got '{name}'"):
        cost_model(own(tmp_path, text))
