"""The face for Python: what README shows, and what must be refused."""

import subprocess
import sys
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch
from own_arrays import arrays
from torch import nn

import spikefuse as sf
from spikefuse.core import plugins
from spikefuse.core.errors import DataError, InputError, StoreError, StudyError
from spikefuse.results import TrialStore


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, spikefuse\n"
        "print({'torch', 'numpy', 'scipy', 'pydantic'} & set(sys.modules), 'fit' in dir(spikefuse))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "set() True"


def test_everything_it_names_is_there() -> None:
    assert [name for name in sf.__all__ if getattr(sf, name) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = sf.fitt


def test_a_question_from_arrays_to_a_sentence(data, small) -> None:
    net = small(fusion="gated", time_steps=2)
    fit = sf.fit(net, data, epochs=5, batch_size=10, learning_rate=0.003)
    dense = sf.fit(sf.twin(net), data, epochs=5, batch_size=10, learning_rate=0.003)
    reached = fit.accuracy("test")
    said = sf.compare(fit, dense, margin=0.5)

    assert reached.n == 2
    assert (reached.low, reached.high) == (None, None)  # two values are no interval
    assert reached.mean > 0.5  # chance is 0.25
    assert dense.network.definition.neuron == "relu"
    assert abs(dense.network.parameters - net.parameters) <= 0.02 * net.parameters
    assert "SNN (fused, gated fusion)" in said.sentence
    assert said.comparison.unit == "seeds"
    assert said.comparison.gap == pytest.approx(reached.mean - dense.accuracy().mean)


def test_noise_of_no_severity_is_the_identity_and_deleting_all_spikes_leaves_chance(
    data, small
) -> None:
    fit = sf.fit(small(time_steps=2), data, epochs=2)

    plain = sf.evaluate(fit, data).accuracy
    assert plain.values == fit.accuracy("test").values
    assert sf.evaluate(fit, data, noise=sf.noise("deletion", 0.0)).accuracy.values == plain.values
    silent = sf.evaluate(fit, data, noise=sf.noise("deletion", 1.0))
    assert silent.accuracy.mean == pytest.approx(0.25, abs=0.05)


def test_a_kept_fit_is_not_trained_again_and_is_loaded(data, small, tmp_path) -> None:
    net = small(seeds=[3], modality="motion")
    first = sf.fit(net, data, epochs=1, store=tmp_path)
    told = []
    again = sf.fit(net, data, epochs=1, store=tmp_path, report=told.append)
    (folder,) = first.trials

    assert told == []
    assert again.accuracy().values == first.accuracy().values
    loaded = sf.load(folder)
    assert loaded.accuracy().values == first.accuracy().values
    assert sf.evaluate(loaded, data).accuracy.values == first.accuracy().values
    assert TrialStore(tmp_path).verify() == []


def test_a_fit_in_memory_leaves_no_folder(data, small) -> None:
    fit = sf.fit(small(seeds=1), data, epochs=1)
    root = fit.store.root

    assert root.is_dir()
    del fit
    assert not root.exists()


def test_the_order_of_the_modalities_is_the_datas(data) -> None:
    inputs, labels = arrays()
    turned = sf.dataset(dict(reversed(inputs.items())), labels, test=0.25)

    assert turned.modalities == ("motion", "picture")
    assert turned.source.name != data.source.name
    assert sf.dataset(inputs, labels, test=0.25).source.name == data.source.name


def test_other_data_under_the_same_shapes_is_refused(data, small) -> None:
    other = sf.dataset(*arrays(seed=1), test=0.25)

    with pytest.raises(DataError, match="data of the definition"):
        sf.fit(small(), other, epochs=1)


def test_no_group_stands_on_two_sides() -> None:
    inputs, labels = arrays()
    groups = np.array([f"person {number % 6}" for number in range(len(labels))])
    data = sf.dataset(inputs, labels, groups=groups, test=0.34)
    pool = data.corpus.pools["motion"]
    tested = set(pool.groups[pool.official_test].tolist())

    assert 0 < len(tested) < 6
    assert tested & set(pool.groups[~pool.official_test].tolist()) == set()


class Plain(nn.Module):
    """Somebody's network: both modalities flattened, one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12 * 12 + 6 * 20, 4)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.layer(torch.cat([x.flatten(1) for x in inputs.values()], dim=1))


def test_somebodys_module_is_trained_on_the_same_splits(data, small) -> None:
    run = sf.fit(Plain, data, epochs=3, learning_rate=0.01, seeds=2)
    again = sf.fit(Plain, data, epochs=3, learning_rate=0.01, seeds=2)
    ours = sf.fit(sf.twin(small()), data, epochs=3)

    assert run.accuracy("test").n == 2
    assert run.accuracy("test").mean > 0.5
    assert run.values == again.values
    assert run.modules[0].layer.weight.ne(run.modules[1].layer.weight).any()
    assert "Plain" in sf.compare(run, ours).sentence


def test_a_module_itself_stays_as_it_is(data) -> None:
    module = Plain()
    before = module.layer.weight.detach().clone()
    run = sf.fit(module, data, epochs=1)

    assert torch.equal(module.layer.weight, before)
    assert run.accuracy().n == 1
    assert run.accuracy().low is None


class Detached(Plain):
    """Its answers lead back to no weight."""

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return super().forward(inputs).detach()


class Breaks(Plain):
    """Answers with no number on some of its calls without training."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first, self.calls = first, 0

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        logits = super().forward(inputs)
        self.calls += not self.training
        return logits * float("nan") if not self.training and self.calls >= self.first else logits


@pytest.mark.parametrize(
    ("first", "why"), [(1, "on validation after epoch 1"), (2, "on validation after epoch 2")]
)
def test_a_module_that_answers_no_number_has_diverged_and_no_accuracy(data, first, why) -> None:
    run = sf.fit(Breaks(first), data, epochs=2)

    assert run.diverged == {0: f"loss not finite {why}"}
    assert run.values == {"test": {}, "validation": {}}
    with pytest.raises(StudyError, match="no mean over the seeds: Breaks, seed 0: loss not finite"):
        run.accuracy()


def test_a_module_that_breaks_on_the_test_has_no_accuracy(data) -> None:
    run = sf.fit(Breaks(3), data, epochs=2)

    assert run.diverged == {0: "loss not finite on test"}
    assert run.values == {"test": {}, "validation": {}}


def test_a_module_that_breaks_under_noise_is_no_answer(data) -> None:
    run = sf.fit(Breaks(4), data, epochs=2)

    assert run.diverged == {}
    with pytest.raises(InputError, match="evaluate: a module's logits must be numbers"):
        sf.evaluate(run, data, sf.noise("gaussian", 0.1, noise_position="input"))


def test_a_plugin_is_loaded_once_and_holds_its_hash(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(plugins, "LOADED", {})  # or it would go with all work that is sent later
    path = tmp_path / "mine_in_python.py"
    path.write_text("value = 1\n")
    label = sf.plugin(path)

    assert label.startswith("mine_in_python.py:")
    assert sf.plugin(str(path)) == label
    with pytest.raises(InputError, match="plugin: path must be a Python file, got 'int'"):
        sf.plugin(5)
    with pytest.raises(InputError, match="must be a Python file that can be read"):
        sf.plugin(tmp_path / "nowhere.py")


def test_networks_of_other_data_are_not_compared(data) -> None:
    first = sf.fit(Plain, data, epochs=1, seeds=2)
    other = sf.fit(Plain, sf.dataset(*arrays(seed=1), test=0.25), epochs=1, seeds=2)

    with pytest.raises(InputError, match="compare: b must be trained on the data of a"):
        sf.compare(first, other)
    for settings, is_same in (
        (data.settings.model_copy(update={"fingerprint": None}), True),  # of an older trial
        (data.settings.model_copy(update={"fingerprint": "another"}), False),
        (data.settings.model_copy(update={"source": "builtin", "fingerprint": None}), False),
    ):
        definition = first.definition.model_copy(update={"data": settings})
        copied = replace(first, definition=definition)
        if is_same:
            assert sf.compare(first, copied).sentence
            continue
        with pytest.raises(InputError, match="compare: b must be trained on the data of a"):
            sf.compare(first, copied)
    with pytest.raises(InputError, match="compare: margin must be between 0 and 1"):
        sf.compare(first, first, margin="x")


def test_weights_that_the_last_step_broke_have_diverged(data, small) -> None:
    fit = sf.fit(small(), data, epochs=1, batch_size=1_000, learning_rate=1e38)

    with pytest.raises(StudyError, match="not finite on validation of epoch 1"):
        fit.accuracy("test")


@pytest.mark.parametrize(
    "seeds", [np.int64(2), [np.int64(0), 1], (number for number in (0, 1)), {0, 1}]
)
def test_seeds_are_whole_numbers_of_any_kind(data, seeds) -> None:
    assert sf.network(data, plan="mlp", parameters=20_000, seeds=seeds).seeds == (0, 1)


@pytest.mark.parametrize("given", [{"test": 0.5}, {"labels": [0, 1]}, {"classes": ["a", "b"]}])
def test_a_named_source_takes_nothing_that_it_has(given) -> None:
    (name,) = given
    with pytest.raises(InputError, match=f"dataset: {name} must be left out: builtin has its own"):
        sf.dataset("builtin", **given)


SERIES = np.random.default_rng(0).normal(size=(60, 6, 12)).astype("float32")
THREE = np.arange(60) % 3


@pytest.mark.parametrize(
    ("inputs", "given", "says"),
    [
        ({1: SERIES}, {}, "got 'the name 1'"),
        ([SERIES], {}, "arrays by the name of their modality"),
        (SERIES, {}, "arrays by the name of their modality"),
        ({"a": SERIES}, {"folder": "x"}, "folder must be left out with arrays"),
        ({"a": SERIES}, {"groups": 3}, "groups must be a list of 60 words or numbers"),
        ({"a": SERIES}, {"groups": [None] * 60}, "a word or number of every sample"),
        ({"a": SERIES}, {"classes": [1, 2, 3]}, "classes must be words"),
        ({"a": torch.tensor(SERIES).to_sparse()}, {}, "inputs must be a dense tensor"),
        ({"a": (each for each in SERIES)}, {}, "got 'a generator'"),
        ({"a": SERIES[:, :0]}, {}, "none of them empty"),
        ({"a": SERIES}, {"test": 0.0001}, "got '0 tested'"),
        ({"a": SERIES}, {"test": np.zeros(60, bool)}, "got '0 tested'"),
        ({"a": SERIES}, {"test": np.ones(60, bool)}, "got '60 tested'"),
    ],
)
def test_what_is_no_data_is_refused_in_a_sentence(inputs, given, says) -> None:
    with pytest.raises(InputError, match=says):
        sf.dataset(inputs, THREE, **given)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("way", ["flipped", "of another byte order", "read-only"])
def test_arrays_of_any_layout_are_taken_as_they_are(way) -> None:
    given = {"flipped": SERIES[:, ::-1], "of another byte order": SERIES.astype(">f4")}
    array = given.get(way, SERIES.copy())
    array.flags.writeable = way != "read-only"
    pool = sf.dataset({"a": array}, THREE).corpus.pools["a"]

    assert np.array_equal(pool.inputs.squeeze(1).numpy(), array.astype("float32"))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda d: sf.network(d, neuron="lfi"), "lif"),
        (lambda d: sf.network(d, fusion="gate"), "gated"),
        (lambda d: sf.network(d, modality="sound"), "modality must be one of"),
        (lambda d: sf.network(d, timesteps=4), "Did you mean time_steps"),
        (lambda d: sf.network(d, time_steps=0), "time_steps"),
        (lambda d: sf.network(d, seeds=[1, 1]), "different numbers"),
        (lambda d: sf.network(d, seeds=0), "one or more"),
        (lambda d: sf.network(d, seeds=10**20), "how many, at most 100,000"),
        (lambda d: sf.network(d, seeds=count()), "how many, at most 100,000"),
        (lambda d: sf.network(d, seeds=[-1]), "network: seeds must be one or more different"),
        (lambda d: sf.network(d, seeds=[1.5]), "network: seeds must be one or more different"),
        (lambda d: sf.network(d, seeds=2.0), "network: seeds must be one or more different"),
        (lambda d: sf.network(d, seeds="3"), "network: seeds must be one or more different"),
        (lambda d: sf.network(d, seeds=True), "network: seeds must be one or more different"),
        (lambda d: sf.network(d, seed=3), "network: seed must be said as seeds="),
        (lambda d: sf.network({"a": 1}), "network: data must be made by sf.dataset, got 'dict'"),
        (lambda d: sf.network(d, modality=["motion"]), "network: modality must be a name"),
        (lambda d: sf.network(d, fusion="none"), "fusion needs a network of one modality"),
        (lambda d: sf.fit(sf.network(d), d, seeds=2), "fit: seeds must be left out for a network"),
        (lambda d: sf.fit(Plain(), d, seeds=3), "fit: seeds must be left out for a module"),
        (lambda d: sf.fit(Plain, d, seeds=[0, -2]), "fit: seeds must be one or more different"),
        (lambda d: sf.fit(Plain, [1]), "fit: data must be made by sf.dataset, got 'list'"),
        (lambda d: sf.fit(Detached, d), "a module's logits must be made by its weights"),
        (lambda d: sf.fit(Plain, d, learning_rate=float("inf")), "learning_rate must be"),
        (lambda d: sf.fit(sf.network(d), d, store=5), "fit: store must be a folder"),
        (lambda d: sf.fit(sf.network(d), d, store=""), "fit: store must be a folder"),
        (lambda d: sf.fit(sf.network(d), d, workers="2"), "fit: workers must be at least 1"),
        (lambda d: sf.fit(sf.network(d), d, workers=True), "fit: workers must be at least 1"),
        (lambda d: sf.fit(sf.network(d), d, report=5), "fit: report must be a function"),
        (lambda d: sf.fit(sf.network(d), d, device="gpu"), "device must be"),
        (lambda d: sf.fit(sf.network(d), d, device=None), "fit: device must be a name"),
        (lambda d: sf.fit(Plain, d, device="meta"), "device must hold numbers"),
        (lambda d: sf.compare(sf.fit(Plain, d, epochs=1), 5), "compare: b must be what fit"),
        (lambda d: sf.compare(d, sf.fit(Plain, d, epochs=1)), "compare: a must be what fit"),
        (lambda d: sf.evaluate(sf.fit(Plain, d, epochs=1), 5), "evaluate: data must be made by"),
        (lambda d: sf.evaluate(sf.fit(Plain, d, epochs=1), d, 5), "evaluate: noise must be made"),
        (lambda d: sf.noise("gaussian", float("inf")), "noise: severity must be"),
        (lambda d: sf.noise("deletoin"), "deletion"),
        (lambda d: sf.noise("deletion", 1.5), "noise: severity must be at most 1"),
        (lambda d: sf.dataset({"a": np.zeros((3, 4))}), "labels"),
        (lambda d: sf.dataset({"a": np.zeros((3, 4))}, [0, 1]), "labels"),
        (lambda d: sf.fit(Plain, d, epochs=0), "epochs must be at least 1"),
        (lambda d: sf.fit(Plain, d, epochs="many"), "fit: epochs must be a whole number"),
        (lambda d: sf.fit(Plain, d, learning_rate=0), "fit: learning_rate must be above 0"),
        (lambda d: sf.fit(sf.network(d), d, batch_size=0), "fit: batch_size must be at least 1"),
        (lambda d: sf.fit(sf.network(d, fusion="experts"), d, epochs=1), "epochs must be at least"),
        (lambda d: sf.fit(lambda: 3, d), "nn.Module"),
        (lambda d: sf.fit(nn.Flatten(), d), "weights to learn"),
        (lambda d: sf.fit(nn.Sequential(Plain(), nn.Linear(4, 3)), d), "logits must have shape"),
    ],
)
def test_what_is_wrong_is_refused_in_a_sentence(data, call, says) -> None:
    with pytest.raises((InputError, TypeError), match=says):
        call(data)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda d, learned: sf.network(d, leak=learned), "network: leak"),
        (lambda d, learned: sf.network(d, neuron="plif", leak=learned), "network: leak"),
        (lambda d, learned: sf.network(d, target_rate=learned, init="calibrated"), "target_rate"),
        (lambda d, learned: sf.fit(sf.network(d), d, learning_rate=learned), "fit: learning_rate"),
        (lambda d, learned: sf.noise("gaussian", learned), "noise: severity"),
    ],
)
def test_a_number_that_wants_a_gradient_is_not_made_a_plain_one(data, call, name) -> None:
    with pytest.raises(InputError, match=rf"{name} must be a number \(it gets no gradient\), got"):
        call(data, nn.Parameter(torch.tensor(0.5)))


def test_a_folder_without_a_trial_is_refused(tmp_path) -> None:
    with pytest.raises(StoreError, match="no trial folder"):
        sf.load(tmp_path)


@pytest.mark.parametrize("folder", [3, None, ["a"]])
def test_what_is_no_path_is_refused_by_name(folder) -> None:
    with pytest.raises(InputError, match=r"^load: folder must be a path, got"):
        sf.load(folder)


def test_workers_know_arrays_in_memory(data, small, tmp_path) -> None:
    net = small(fusion="gated", time_steps=2)
    here = sf.fit(net, data, epochs=1, store=tmp_path / "here")
    heard: list[dict[str, object]] = []
    apart = sf.fit(net, data, epochs=1, store=tmp_path / "apart", workers=1, report=heard.append)

    assert apart.accuracy("test") == here.accuracy("test")
    assert apart.definitions == here.definitions
    for ours, theirs in zip(here.trials, apart.trials, strict=True):
        weights = [(each / "weights.safetensors").read_bytes() for each in (ours, theirs)]
        assert weights[0] == weights[1]
    assert any("epoch" in event for event in heard)


def test_a_worker_without_the_arrays_is_one_sentence(data, small, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("spikefuse.planning.run.source_to_send", lambda name, root: None)
    with pytest.raises(StudyError, match=r"the trial's data 'memory-.*' must be known here"):
        sf.fit(small(time_steps=1), data, epochs=1, store=tmp_path, workers=1)


def test_workers_are_refused_for_a_module_of_ones_own(data) -> None:
    with pytest.raises(InputError, match="workers must be left out for a module of your own"):
        sf.fit(nn.Linear(1, 1), data, workers=2)


def test_a_network_is_the_base_network_unless_it_is_told_otherwise(data) -> None:
    net = sf.network(data, parameters=20_000, plan="mlp")
    assert (net.definition.surrogate, net.definition.init) == ("triangle", "calibrated")
    assert sf.twin(net).definition.init == "calibrated"
    lab = sf.network(data, parameters=20_000, plan="mlp", surrogate="boxcar", init="plain")
    assert (lab.definition.surrogate_width, lab.definition.init) == (0.5, "plain")
    assert sf.network(data, parameters=60_000).definition.init == "calibrated"


def test_what_has_no_effect_is_refused_in_python_too(data) -> None:
    def refused(match: str, **settings: object) -> None:
        with pytest.raises(InputError, match=match):
            sf.network(data, **{"parameters": 20_000, "plan": "mlp"} | settings)

    refused("fusion needs a fused network", modality="motion", fusion="late")
    refused("fusion needs a network of one modality: here it is 'early'", fusion="none")
    refused("encoder needs a spiking network", neuron="relu", encoder="rate")
    refused("neuron needs a spiking network", network="dnn", neuron="plif")
    refused("leak needs a neuron that leaks", neuron="if", leak=0.5)
    refused("target_rate needs init calibrated", target_rate=0.2, init="plain")


def test_a_refusal_says_once_where() -> None:
    tiny = sf.dataset({"sensor": np.zeros((40, 2, 3))}, np.arange(40) % 2)
    with pytest.raises(InputError, match=r"^network: the map of 'sensor' must be at least 4 x 4"):
        sf.network(tiny, plan="pool-twice")


def test_a_spiking_network_of_rectifiers_is_refused(data) -> None:
    with pytest.raises(InputError, match="neuron must be a spiking one of lif, if, plif"):
        sf.network(data, neuron="relu", network="snn")


def test_the_neuron_is_called_by_its_argument(data) -> None:
    with pytest.raises(InputError, match=r"network: neuron must be one of .*Did you mean lif"):
        sf.network(data, neuron="lfi")


@pytest.mark.parametrize("shape", [(9,), (2, 3), (1, 2, 12)])
def test_small_inputs_get_a_plan_that_fits_and_modules_of_ones_own_any(shape) -> None:
    labels = np.arange(40) % 2
    tiny = sf.dataset({"sensor": np.random.default_rng(0).normal(size=(40, *shape))}, labels)

    assert sf.network(tiny, parameters=20_000).definition.plan == "by-shape"
    module = nn.Sequential(_Only("sensor"), nn.Flatten(), nn.Linear(int(np.prod(shape)), 2))
    assert sf.fit(module, tiny, epochs=1).accuracy().n == 1


class _Only(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return inputs[self.name]


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (np.zeros(40, dtype=int), "labels must be of two or more classes"),
        (["cat"] * 40, "labels must be of two or more classes"),
        (["cat", 1] * 20, "labels must be numbers, each sample's of one shape"),
        ([[0], [1, 2]] * 20, "labels must be numbers, each sample's of one shape"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, match) -> None:
    with pytest.raises(InputError, match=match):
        sf.dataset({"sensor": np.zeros((40, 9))}, labels)


@pytest.mark.parametrize("inputs", [[["a", "b"]] * 40, [[1.0], [1.0, 2.0]] * 20, [[None]] * 40])
def test_inputs_that_are_no_numbers_are_refused(inputs) -> None:
    with pytest.raises(InputError, match="inputs must be numbers, each sample's of one shape"):
        sf.dataset({"sensor": inputs}, np.arange(40) % 2)


def test_something_else_than_a_network_is_refused(data) -> None:
    with pytest.raises(InputError, match=r"net must be a network, an nn.Module or a function"):
        sf.fit(3, data)
    with pytest.raises(InputError, match=r"twin: net must be made by sf\.network"):
        sf.twin(nn.Linear(2, 2))


def test_networks_and_fits_say_what_they_are_in_a_line(small, data) -> None:
    net = small(seeds=1)
    fit = sf.fit(net, data, epochs=1)

    size = f"{net.parameters:,} parameters"
    assert repr(net) == f"Network(SNN (fused, early fusion), {size}, seeds 0)"
    assert repr(fit) == "Fit(SNN (fused, early fusion), seeds 0)"


def test_silent_networks_are_told_by_an_evaluation_too(data, small) -> None:
    fit = sf.fit(small(threshold=1e6), data, epochs=1)
    assert fit.accuracy("test").silent == (0, 1)
    found = sf.evaluate(fit, data)
    assert (found.accuracy.silent, found.validation.silent) == ((0, 1), (0, 1))
    noisy = sf.evaluate(fit, data, noise=sf.noise("gaussian", 0.1))
    assert noisy.accuracy.silent == (0, 1)
