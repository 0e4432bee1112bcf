"""Our contestants do the work they are named after."""

import pytest
import torch

from spikefuse.bench import contestants


def test_the_network_is_the_one_that_peers_train() -> None:
    fit = contestants._fit(contestants._definition("float32", 4), "auto")
    shapes = {name: tuple(p.shape[1:]) for name, p in fit.network.named_parameters()}
    weights = [shape for name, shape in shapes.items() if name.endswith("weight")]
    assert weights == [(32, 1, 3, 3), (64, 32, 3, 3), (512, 3136), (10, 512)]


def test_training_changes_the_weights_and_prepare_does_not() -> None:
    contest = contestants.training("bf16")
    cells = dict(
        zip(contest.step.__code__.co_freevars, contest.step.__closure__ or (), strict=True)
    )
    network = cells["steps"].cell_contents.network
    before = [p.detach().clone() for p in network.parameters()]
    contest.prepare()
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    contest.step()
    assert not all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize("name", ["products-bf16", "plain-dnn", "noise-bf16"])
def test_a_step_runs(name: str) -> None:
    contest = contestants.CONTESTANTS[name]()
    contest.step()
    assert contest.samples in (100, 300)
