"""Somebody's own modules under noise at their inputs, and what of it is refused."""

import copy

import numpy as np
import pytest
import torch
from own_arrays import arrays
from torch import nn

import spikefuse as sf
from spikefuse.core.errors import DataError, InputError


class Plain(nn.Module):
    """Both modalities flattened, one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12 * 12 + 6 * 20, 4)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        return self.layer(torch.cat([x.flatten(1) for x in inputs.values()], dim=1))


@pytest.fixture(scope="module")
def run(data):
    return sf.fit(Plain, data, epochs=3, learning_rate=0.01, seeds=3)


def at_input(kind: str, severity: float, **settings: object):
    return sf.noise(kind, severity, noise_position="input", **settings)


def test_undisturbed_it_is_what_it_was_judged_by(data, run) -> None:
    for noise in (None, at_input("gaussian", 0.0), sf.noise("deletion", 0.0)):
        found = sf.evaluate(run, data, noise=noise)
        assert found.accuracy == run.accuracy("test")
        assert found.validation.values == run.accuracy("validation").values


def test_a_missing_modality_is_zeros(data, run) -> None:
    pools, labels = data.corpus.pools, arrays()[1]
    tested = pools["motion"].official_test
    zeros = {name: torch.zeros_like(pool.inputs[tested]).float() for name, pool in pools.items()}
    found = sf.evaluate(run, data, noise=at_input("zeros", 1.0))

    for seed, module in run.modules.items():
        answer = int(module(zeros).argmax(dim=1)[0])  # The same to everything.
        share = float((np.asarray(labels)[tested.numpy()] == answer).mean())
        assert found.accuracy.values[seed] == pytest.approx(share)


def test_noise_of_one_modality_leaves_the_other(data, run) -> None:
    seeing = copy.deepcopy(run)
    with torch.no_grad():
        for module in seeing.modules.values():
            module.layer.weight[:, 12 * 12 :] = 0.0  # Motion, the second, is not heard.
    plain = sf.evaluate(seeing, data).accuracy
    deaf = sf.evaluate(seeing, data, noise=at_input("gaussian", 9.0, modalities=("motion",)))
    both = sf.evaluate(seeing, data, noise=at_input("gaussian", 9.0))

    assert deaf.accuracy.values == plain.values
    assert both.accuracy.mean < plain.mean - 0.2


def test_the_draws_are_those_of_a_network_and_come_again(data, run) -> None:
    noise = at_input("gaussian", 1.0, draws=3, samples=7)
    first, again = (sf.evaluate(run, data, noise=noise) for _ in range(2))

    assert first == again
    sevenths = [21 * value for value in first.accuracy.values.values()]
    assert sevenths == pytest.approx([round(each) for each in sevenths])


@pytest.mark.parametrize("place", ["before", "after", "membrane", "weights"])
def test_noise_inside_a_module_of_ones_own_is_refused(data, run, place) -> None:
    with pytest.raises(InputError, match="noise_position must be input for a module of your own"):
        sf.evaluate(run, data, noise=sf.noise("gaussian", 0.1, noise_position=place))


def test_other_data_and_foreign_names_are_refused(data, run) -> None:
    with pytest.raises(DataError):
        sf.evaluate(run, sf.dataset(*arrays(seed=1), test=0.25))
    with pytest.raises(InputError, match="modality must be one of picture, motion"):
        sf.evaluate(run, data, noise=at_input("zeros", 1.0, modalities=("sound",)))
    with pytest.raises(InputError, match="fit must be what fit trained, got 'Plain'"):
        sf.evaluate(Plain(), data)


def test_draws_are_different_ones_and_every_seed_has_its_own(data, run) -> None:
    alike = copy.deepcopy(run)
    state = alike.modules[0].state_dict()
    for module in alike.modules.values():
        module.load_state_dict(state)
    noise = {"kind": "gaussian", "severity": 3.0}
    one, two = (sf.evaluate(alike, data, noise=at_input(**noise, draws=n)) for n in (1, 2))
    undisturbed = sf.evaluate(alike, data)

    assert len({*undisturbed.accuracy.values.values()}) == 1  # one network, three times
    assert len({*one.accuracy.values.values()}) > 1
    assert one.accuracy.values != two.accuracy.values
