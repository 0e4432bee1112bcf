"""The memory estimate against what training really holds, and against numbers by hand."""

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from modalities import MODALITIES
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from spikefuse.core import library
from spikefuse.core.device import PRECISIONS, product_type
from spikefuse.meters import Rates, Subject
from spikefuse.networks import NetworkSpec, NeuronSpec, build
from spikefuse.networks.budget import count_parameters, solve_width
from spikefuse.networks.memory import SAFETY, layer_sizes, network_memory
from tests.support.noises import Undisturbed

BATCH = 48
SIZE = 12

needs_native = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
BACKENDS = ["eager", pytest.param("native", marks=needs_native)]
NETWORKS = [("snn", 1), ("snn", 4), ("dnn", 1)]


def _spec(modality: str, network: str = "snn", time_steps: int = 4, **more: Any) -> NetworkSpec:
    settings = {
        "fusion": "early" if modality == "fused" else "none",
        "input_shapes": dict.fromkeys(MODALITIES[modality], (1, SIZE, SIZE)),
        "budget": 60_000,
    } | more
    return NetworkSpec(
        modality=modality,
        network=network,
        neuron=NeuronSpec(model="relu" if network == "dnn" else "lif"),
        time_steps=time_steps,
        **settings,
    )


def _inputs(spec: NetworkSpec, members: int) -> dict[str, Tensor]:
    return {name: torch.rand(members, BATCH, *shape) for name, shape in spec.input_shapes.items()}


def _saved_bytes(run: Callable[[], Any], apart: list[Tensor]) -> int:
    """Bytes of the distinct storages that autograd keeps, those of `apart` left out."""
    storages: dict[int, int] = {}
    kept = []

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        kept.append(tensor)  # lest the next one gets its address
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    for tensor in apart:
        storages.pop(tensor.untyped_storage().data_ptr(), None)
    return sum(storages.values())


class Live(TorchDispatchMode):
    """Bytes of all storages that operations make, and the most that were there at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._meet(tensor.untyped_storage())
        return result

    def _meet(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self._known:
            self._known[key] = storage.nbytes()
            self.now += storage.nbytes()
            self.most = max(self.most, self.now)
            weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self.now -= self._known.pop(key, 0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("network", "time_steps"), NETWORKS)
@pytest.mark.parametrize("modality", ["image", "fused"])
def test_kept_is_what_autograd_keeps_or_up_to_twice_that(
    modality: str, network: str, time_steps: int, precision: str, backend: str
) -> None:
    spec = _spec(modality, network, time_steps)
    built = build(spec, precision=precision, backend=backend)
    inputs = _inputs(spec, 1)
    measured = _saved_bytes(lambda: built(inputs), list(built.parameters()))
    needs = network_memory(spec, precision, BATCH, is_fused=backend != "eager")
    # The copies of the weights count among the weights.
    parameters = count_parameters(spec, solve_width(spec))
    assert measured <= needs.kept + parameters * 2 * product_type(precision).itemsize
    assert needs.kept <= 2 * measured


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("network", "time_steps"), NETWORKS)
@pytest.mark.parametrize("members", [1, 3])
def test_all_that_is_alive_in_a_step_is_at_most_the_formula(
    network: str, time_steps: int, precision: str, backend: str, members: int
) -> None:
    spec = _spec("image", network, time_steps)
    built = build([spec] * members, list(range(members)), precision, backend)
    inputs = _inputs(spec, members)
    with Live() as live:
        built(inputs).square().sum().backward()
    needs = network_memory(spec, precision, BATCH, is_fused=backend != "eager")
    # The weights and their two moments were there before.
    before = 3 * 4 * count_parameters(spec, solve_width(spec))
    formula = needs.weights - before + needs.kept + needs.gradients
    assert live.most <= members * formula
    assert members * (needs.kept + needs.gradients) <= 3 * live.most


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["snn", "dnn"])
def test_a_pass_that_looks_at_every_output_fits_the_evaluation(network: str, backend: str) -> None:
    spec = _spec("image", network, 4 if network == "snn" else 1)
    built = build([spec] * 3, [0, 1, 2], backend=backend)
    inputs = _inputs(spec, 3)
    with torch.no_grad(), Live() as live:
        built(inputs, meters=(Rates(Subject(3, built.sites)),))
    needs = network_memory(spec, "float32", BATCH)
    copies = 2 * 4 * count_parameters(spec, solve_width(spec))
    assert live.most <= 3 * (needs.evaluation + needs.kept + copies)


def test_kept_by_hand() -> None:
    spec = NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=1_630_090)
    current = 100 * 32 * 28 * 28 + 400 * (64 * 14 * 14 + 512 + 10)
    output = 400 * (32 * 14 * 14 + 64 * 7 * 7 + 512 + 10)
    needs = network_memory(spec, "bf16", 100, is_fused=True)
    assert needs.kept == 2 * (current + output + 400 * 64 * 7 * 7)
    assert needs.weights == 1_630_090 * (32 + 4)
    assert needs.evaluation == 3 * 2 * 400 * 32 * 28 * 28
    parts = needs.weights + needs.kept + needs.gradients + needs.evaluation
    assert needs.member == int(SAFETY * parts)


def test_neurons_apart_keep_outputs_and_places_of_maxima() -> None:
    spec = NetworkSpec(input_shapes={"image": (1, 28, 28)})
    fused, apart = (network_memory(spec, "float32", 100, is_fused=is_fused) for is_fused in (1, 0))
    pooled = 32 * 14 * 14 + 64 * 7 * 7
    assert apart.kept - fused.kept == 400 * (4 * 4 * pooled + 8 * pooled)


class Watch(Undisturbed):
    """Notes the shape of every current."""

    def __init__(self) -> None:
        self.currents: list[tuple[int, ...]] = []

    def before(
        self, site: str, current: Tensor, time_steps: int, neurons: nn.Module | None = None
    ) -> Tensor:
        self.currents.append(tuple(current.shape))
        return current


@pytest.mark.parametrize("plan", ["pool-twice", "simple-audio", "mlp"])
@pytest.mark.parametrize("fusion", ["none", "input", "early", "late"])
def test_sizes_are_those_of_the_network(plan: str, fusion: str) -> None:
    modality = "image" if fusion == "none" else "fused"
    spec = _spec(modality, plan=plan, fusion=fusion, budget=120_000)
    watch = Watch()
    build(spec)(_inputs(spec, 1), noise=watch)
    hidden = [size for size in layer_sizes(spec) if size.current != 10]
    seen = [(torch.Size(shape[3:]).numel(), shape[1] == 1) for shape in watch.currents]
    assert sorted((size.current, size.is_first) for size in hidden) == sorted(seen)
